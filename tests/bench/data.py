"""Records in the contract's shape, generated from a seed, and the totals expected from them.

The expected totals are summed here, without the service's rules, so that a fault in those rules shows.
"""

from __future__ import annotations

import functools
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

import orjson

from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE, FEEDBACK

__all__ = ["DRAWN_COLUMNS", "OFFICERS", "Drawn", "Message", "draw", "headers_of", "officers", "roster", "roster_record"]

OFFICERS = 5_000
DAY_SHARE = 0.8
SECOND_REVISIONS = 0.5
DUPLICATES = 0.02
FIRST_DATE = date(2026, 7, 1)
RECORDED_AT = "2026-11-20T13:05:10.123456Z"

DRAWN_COLUMNS = (
    "scheduled_minutes",
    "credited_minutes",
    "final_days",
    "unexcused_days",
    "work_quality_sum",
    "citizen_ratings",
    "completion_time_sum",
    "officer_conduct_sum",
)

Message = tuple[str, bytes, bytes, list[tuple[str, bytes]]]
"""Topic, key, value, headers."""


@dataclass
class Drawn:
    """The messages in sending order, and the expected result."""

    messages: list[Message] = field(default_factory=list)
    days: int = 0
    feedback: int = 0
    totals: dict[UUID, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * len(DRAWN_COLUMNS)))
    """By officer, in the order of DRAWN_COLUMNS."""


def officers(seed: int = 1) -> list[UUID]:
    """The same seed gives the same data."""
    draw_bits = random.Random(seed)
    return [UUID(int=draw_bits.getrandbits(128), version=4) for _ in range(OFFICERS)]


def roster_record(officer: UUID, number: int) -> bytes:
    """The employee record of the officer at this index of the roster."""
    return orjson.dumps(
        {
            "revision": 1,
            "recorded_at": RECORDED_AT,
            "employee_id": str(officer),
            "nip": "199001012015011001",
            "name": f"Pegawai {number}",
            "employment_type": "PNS",
            "org_unit_id": f"unit-{number % 40:02d}",
            "org_unit_name": f"Unit {number % 40}",
            "active_from": "2015-01-01",
        }
    )


def draw(count: int, seed: int = 1) -> Drawn:
    """About `count` records: 80 % days (half of them revised once), 20 % feedback, 2 % sent twice."""
    rnd = random.Random(seed)
    people = officers(seed)
    result = Drawn()
    unique = int(count / (1 + DUPLICATES))
    days_wanted = int(unique * DAY_SHARE / (1 + SECOND_REVISIONS))
    feedback_wanted = unique - int(unique * DAY_SHARE)
    for work_date in _work_dates():
        batch: list[Message] = []
        for officer in people[: max(0, days_wanted - result.days)]:
            batch += _day(rnd, officer, work_date, result)
        for _ in range(min(feedback_wanted - result.feedback, len(batch) // 4 + 1)):
            batch.append(_feedback(rnd, rnd.choice(people), work_date, result))
        rnd.shuffle(batch)  # so a second revision comes before the first in half of the cases
        result.messages += batch
        if result.days >= days_wanted and result.feedback >= feedback_wanted:
            break
    for message in rnd.choices(result.messages, k=count - len(result.messages)):
        result.messages.insert(rnd.randrange(len(result.messages)), message)
    return result


@functools.cache
def headers_of(topic: str, subject: str) -> list[tuple[str, bytes]]:
    """Headers as the relay writes them; all records of a subject share one list."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"019a9c3e-7c1d-7000-8000-000000000000"),
        ("ce_source", b"/kinerja/attendance"),
        ("ce_type", topic.encode()),
        ("ce_time", RECORDED_AT.encode()),
        ("ce_subject", subject.encode()),
        ("content-type", b"application/json"),
    ]


def _work_dates() -> Iterator[date]:
    day = FIRST_DATE
    while True:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


def _day(rnd: random.Random, officer: UUID, work_date: date, result: Drawn) -> list[Message]:
    revisions = 2 if rnd.random() < SECOND_REVISIONS else 1
    messages = []
    for revision in range(1, revisions + 1):
        absent = rnd.random() < 0.01
        late = 0 if absent else rnd.choice((0, 0, 0, 4, 17, 45))
        credited = 0 if absent else 450 - late
        final = revision == revisions
        record = {
            "revision": revision,
            "recorded_at": RECORDED_AT,
            "employee_id": str(officer),
            "work_date": work_date.isoformat(),
            "state": "final" if final else "provisional",
            "status": "absent" if absent else "present",
            "excuse": None,
            "scheduled_minutes": 450,
            "credited_minutes": credited,
            "late_minutes": late,
            "early_leave_minutes": 0,
            "missing_punches": ["in", "out"] if absent else [],
            "first_in": None if absent else f"{work_date}T07:{30 + late // 2:02d}:12+07:00",
            "last_out": None if absent else f"{work_date}T16:02:41+07:00",
            "deductions": [{"code": "TL1", "percent": "0.5"}] if late else [],
            "rule": {"id": "default", "version": 1},
            "reasons": ["ALL_MACHINES_REPORTED"] if final else [],
            "org_unit_id": "unit-01",
        }
        messages.append(_message(ATTENDANCE_DAY.name, str(officer), record))
        if final:
            _count(result.totals[officer], (450, credited, 1, int(absent)))
    result.days += 1
    return messages


def _feedback(rnd: random.Random, officer: UUID, work_date: date, result: Drawn) -> Message:
    by_supervisor = rnd.random() < 0.1
    answers = {name: rnd.randint(1, 4) for name in ("requirements", "procedure", "completion_time", "cost", "product")}
    answers |= {name: rnd.randint(1, 4) for name in ("officer_competence", "officer_conduct", "facilities")}
    points = rnd.randint(0, 10_000)
    record = {
        "revision": 1,
        "recorded_at": RECORDED_AT,
        "feedback_id": str(UUID(int=rnd.getrandbits(128), version=4)),
        "kind": "supervisor_assessment" if by_supervisor else "citizen_rating",
        "state": "accepted",
        "employee_id": str(officer),
        "org_unit_id": "unit-01",
        "service": None if by_supervisor else "KTP-el",
        "given_at": f"{work_date}T10:15:00+07:00",
        "ratings": None if by_supervisor else answers,
        "assessment": {"work_quality": f"{points // 100}.{points % 100:02d}"} if by_supervisor else None,
        "weight_class": "visit",
    }
    result.feedback += 1
    if by_supervisor:
        _count(result.totals[officer], (0, 0, 0, 0, points))
    else:
        sums = (1, answers["completion_time"], answers["officer_conduct"])
        _count(result.totals[officer], (0, 0, 0, 0, 0, *sums))
    return _message(FEEDBACK.name, str(officer), record)


def _message(topic: str, officer: str, record: dict[str, object]) -> Message:
    return topic, officer.encode(), orjson.dumps(record), headers_of(topic, officer)


def _count(totals: list[int], added: tuple[int, ...]) -> None:
    for index, value in enumerate(added):
        totals[index] += value


def roster(seed: int = 1) -> list[Message]:
    """One employee record for each officer."""
    topic = EMPLOYEE.name
    return [
        (topic, str(officer).encode(), roster_record(officer, number), headers_of(topic, str(officer)))
        for number, officer in enumerate(officers(seed))
    ]
