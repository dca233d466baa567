"""The topics, their record models and their key rules: the published language in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shared.contracts.base import Record
from shared.contracts.events.attendance_day import AttendanceDayRecord
from shared.contracts.events.dead_letter import DeadLetterRecord
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.events.employee import EmployeeRecord
from shared.contracts.events.feedback import FeedbackRecord
from shared.contracts.events.notice import NoticeRecord
from shared.contracts.events.score import ScoreRecord

__all__ = [
    "ALL_TOPICS",
    "ATTENDANCE_DAY",
    "DEAD_LETTER",
    "DISCIPLINE",
    "EMPLOYEE",
    "FEEDBACK",
    "NOTICE",
    "READERS",
    "SCORE",
    "Topic",
    "writers_of",
]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Topic(Generic[R]):
    """One topic: its name is also the CloudEvents type of its records."""

    name: str
    owner: str
    model: type[R]
    key_of: Callable[[R], str]
    subject_of: Callable[[R], str | None]
    key_rule: str
    thing: Mapping[str, str] = field(hash=False)
    """The fields that identify the thing of a record, with their types in Postgres: revisions count per thing. One key may
    have several things."""


EMPLOYEE = Topic(
    "asn.employee.v1",
    "attendance",
    EmployeeRecord,
    lambda r: str(r.employee_id),
    lambda r: str(r.employee_id),
    "employee_id",
    {"employee_id": "uuid"},
)
ATTENDANCE_DAY = Topic(
    "asn.attendance-day.v1",
    "attendance",
    AttendanceDayRecord,
    lambda r: str(r.employee_id),
    lambda r: str(r.employee_id),
    "employee_id",
    {"employee_id": "uuid", "work_date": "date"},
)
FEEDBACK = Topic(
    "asn.feedback.v1",
    "feedback",
    FeedbackRecord,
    lambda r: str(r.employee_id or r.org_unit_id),
    lambda r: str(r.employee_id) if r.employee_id else None,
    "employee_id, else org_unit_id",
    {"feedback_id": "uuid"},
)
SCORE = Topic(
    "asn.score.v1",
    "scoring",
    ScoreRecord,
    lambda r: f"{r.employee_id}/{r.semester}",
    lambda r: str(r.employee_id),
    "employee_id/semester",
    {"employee_id": "uuid", "semester": "text"},
)
DISCIPLINE = Topic(
    "asn.discipline.v1",
    "scoring",
    DisciplineRecord,
    lambda r: f"{r.employee_id}/{r.year}",
    lambda r: str(r.employee_id),
    "employee_id/year",
    {"employee_id": "uuid", "year": "int4"},
)
NOTICE = Topic(
    "asn.notice.v1",
    "notifications",
    NoticeRecord,
    lambda r: str(r.notice_id),
    lambda r: str(r.employee_id),
    "notice_id",
    {"notice_id": "uuid"},
)
DEAD_LETTER = Topic(
    "asn.dead-letter.v1",
    "every consumer",
    DeadLetterRecord,
    lambda r: f"{r.topic}/{r.partition}/{r.offset}",
    lambda _: None,
    "topic/partition/offset",
    {"topic": "text", "partition": "int4", "offset": "int8"},
)

ALL_TOPICS: tuple[Topic[Any], ...] = (EMPLOYEE, ATTENDANCE_DAY, FEEDBACK, SCORE, DISCIPLINE, NOTICE, DEAD_LETTER)

READERS: dict[str, tuple[str, ...]] = {
    "asn.employee.v1": ("feedback", "scoring", "notifications"),
    "asn.attendance-day.v1": ("scoring",),
    "asn.feedback.v1": ("scoring",),
    "asn.score.v1": ("notifications",),
    "asn.discipline.v1": ("notifications",),
    "asn.notice.v1": (),
    "asn.dead-letter.v1": (),
}
"""The services here that read a topic; any other system may read it too."""


def writers_of(topic: Topic[Any]) -> tuple[str, ...]:
    """The services that write a topic: its owner; for dead letters, every service that reads a topic."""
    if topic is DEAD_LETTER:
        return tuple(sorted({service for services in READERS.values() for service in services}))
    return (topic.owner,)
