"""The rows from which this service computes digests, to compare services: it reads officers, days and feedback, and owns
scores and discipline records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.facts.decode import DayContent, FeedbackContent
from shared.contracts.semester import Semester
from shared.contracts.topics import ATTENDANCE_DAY, DISCIPLINE, EMPLOYEE, FEEDBACK, SCORE, Topic
from shared.db.digest_sources import ROWS_AT_A_TIME, Source, records_of, rows_of
from shared.db.queries import query

__all__ = ["SOURCES"]


class DayFact(NamedTuple):
    employee_id: UUID
    work_date: date
    revision: int
    record: bytes


class FeedbackFact(NamedTuple):
    feedback_id: UUID
    employee_id: UUID | None
    revision: int
    record: bytes


DAYS = query(
    "select employee_id, work_date, revision, record from day_fact where work_date between :first and :last", DayFact
)
FEEDBACK_FACTS = query(
    "select feedback_id, employee_id, revision, record from feedback_fact where semester = :semester", FeedbackFact
)


async def _days(session: AsyncSession, semester: Semester) -> AsyncIterator[Mapping[str, Any]]:
    names = DayContent.__struct_fields__
    values = {"first": semester.first_day, "last": semester.last_day}
    async for day in DAYS.stream(session, values, rows_at_a_time=ROWS_AT_A_TIME):
        content = dict(zip(names, orjson.loads(day.record), strict=True))
        yield content | {"employee_id": day.employee_id, "work_date": day.work_date, "revision": day.revision}


async def _feedback(session: AsyncSession, semester: Semester) -> AsyncIterator[Mapping[str, Any]]:
    names = FeedbackContent.__struct_fields__
    values = {"semester": semester.number}
    async for fact in FEEDBACK_FACTS.stream(session, values, rows_at_a_time=ROWS_AT_A_TIME):
        content = dict(zip(names, orjson.loads(fact.record), strict=True))
        yield content | {"feedback_id": fact.feedback_id, "employee_id": fact.employee_id, "revision": fact.revision}


SOURCES: dict[Topic[Any], Source] = {
    EMPLOYEE: rows_of("select * from employee"),
    ATTENDANCE_DAY: _days,
    FEEDBACK: _feedback,
    SCORE: records_of(
        "select record from published_score where semester = :semester", lambda of: {"semester": of.number}
    ),
    DISCIPLINE: records_of(
        "select record from discipline_year where year = :year and record is not null", lambda of: {"year": of.year}
    ),
}
