"""Recomputes everything from the facts' evidence and compares it with the running totals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.facts.decode import decode_day, decode_feedback
from services.scoring.policy.policies import PolicyBook
from services.scoring.policy.rules.score import score
from services.scoring.totals.rules.contribution import (
    DAY_TOTALS,
    NO_TOTALS,
    TOTALS,
    Contribution,
    add,
    day_contribution,
    feedback_contribution,
    widen_day,
    widen_feedback,
)
from services.scoring.totals.rules.rounding import hundredths_to_decimal
from shared.contracts.semester import Semester

__all__ = ["Verification", "verify"]

DIFFERENCES_MAX = 100
HELD_SECONDS_MAX = 3600
"""A group's records normally arrive within seconds, after a republish of all groups within minutes."""

_DAYS = text(f"select employee_id, work_date, semester, record, {', '.join(DAY_TOTALS)} from day_fact")
_FEEDBACK = text("select feedback_id, employee_id, semester, totals, record from feedback_fact")
_HELD = text(
    """
    select h.group_id, count(*) as members from held_rating h left join feedback_fact f using (feedback_id)
    where h.held_at < now() - make_interval(secs => :seconds) and coalesce(f.revision, 0) < h.revision
    group by 1 order by 1
    """
)
_TOTALS = text(
    f"""
    select t.employee_id, t.semester, {", ".join(f"t.{name}" for name in TOTALS)}, t.score, t.band, t.complete,
           e.org_unit_id
    from semester_total t left join employee e using (employee_id) order by t.employee_id, t.semester
    """
)


@dataclass
class Verification:
    """The numbers of compared items, and the first differences as text; officers by employee_id."""

    days: int = 0
    feedback: int = 0
    totals: int = 0
    difference_count: int = 0
    differences: list[str] = field(default_factory=list)

    def differs(self, words: str) -> None:
        self.difference_count += 1
        if len(self.differences) < DIFFERENCES_MAX:
            self.differences.append(words)


async def verify(session: AsyncSession, policies: PolicyBook) -> Verification:
    """Compares in one snapshot: each fact with its evidence, the totals with the facts, the scores with the totals."""
    found = Verification()
    sums: dict[tuple[UUID, int], Contribution] = {}
    async for row in _rows(session, _DAYS):
        found.days += 1
        _check_day(row, sums, found)
    async for row in _rows(session, _FEEDBACK):
        found.feedback += 1
        _check_feedback(row, sums, found)
    async for employee_id, number, *values in _rows(session, _TOTALS):
        found.totals += 1
        *totals, points, band, complete, unit = values
        name = f"officer {employee_id}, {Semester.from_number(number)}"
        expected = sums.pop((employee_id, number), NO_TOTALS)
        for column, is_, should in zip(TOTALS, totals, expected, strict=True):
            if is_ != should:
                found.differs(f"{name}: {column} is {is_}, but the facts give {should}")
        policy = await policies.policy(session, Semester.from_number(number))
        result = score(expected, policy, unit)
        stored = (hundredths_to_decimal(points), band, complete)
        if stored != (result.score, result.band, result.complete):
            found.differs(
                f"{name}: score is {stored}, but the facts give {(result.score, result.band, result.complete)}"
            )
    for (employee_id, number), missing in sums.items():
        if missing != NO_TOTALS:
            found.differs(f"officer {employee_id}, {Semester.from_number(number)}: the totals are missing")
    for row in await session.execute(_HELD, {"seconds": HELD_SECONDS_MAX}):
        found.differs(
            f"rating group {row.group_id}: {row.members} of its records wait for the others, which did not arrive"
        )
    return found


async def _rows(session: AsyncSession, query: Any) -> AsyncIterator[Any]:
    result = await session.stream(query.execution_options(yield_per=5_000))
    async for row in result:
        yield row


def _check_day(row: Any, sums: dict[tuple[UUID, int], Contribution], found: Verification) -> None:
    employee_id, work_date, number, evidence, *stored = row
    day = decode_day(evidence)
    name = f"day {work_date} of officer {employee_id}"
    expected = day_contribution(day.state, day.status, day.scheduled_minutes, day.credited_minutes, day.excuse)
    if tuple(stored) != expected or number != Semester.of(work_date).number:
        found.differs(f"{name}: contributes {tuple(stored)} to semester {number}, but its evidence gives {expected}")
    _sum(sums, employee_id, work_date, widen_day(expected))


def _check_feedback(row: Any, sums: dict[tuple[UUID, int], Contribution], found: Verification) -> None:
    feedback_id, employee_id, number, stored, evidence = row
    feedback = decode_feedback(evidence)
    local_date = feedback.given_at.date()
    name = f"feedback {feedback_id}"
    if number != Semester.of(local_date).number:
        found.differs(f"{name}: is stored in semester {number}, but its evidence is of {local_date}")
    expected = feedback_contribution(
        feedback.kind, feedback.state, feedback.ratings, feedback.points, feedback.weight_class
    )
    if tuple(stored) != expected:
        found.differs(f"{name}: contributes {tuple(stored)}, but its evidence gives {expected}")
    if employee_id is not None:
        _sum(sums, employee_id, local_date, widen_feedback(expected))


def _sum(sums: dict[tuple[UUID, int], Contribution], employee_id: UUID, day: date, contribution: Contribution) -> None:
    key = (employee_id, Semester.of(day).number)
    sums[key] = add(sums.get(key, NO_TOTALS), contribution)
