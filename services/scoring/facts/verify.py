"""Recomputes everything from the facts' evidence and compares it with the running totals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.facts.decode import decode_day, decode_feedback
from services.scoring.policy.policies import PolicyBook
from services.scoring.policy.rules.policy import ScorePolicy
from services.scoring.policy.rules.score import score
from services.scoring.totals.queries import TOTALS_ARRAY
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
from shared.db.queries import query

__all__ = ["Verification", "verify"]

DIFFERENCES_MAX = 100
WAITING_SECONDS_MAX = 3600
"""A group's records normally arrive within seconds, after a republish of all groups within minutes."""

VERIFY_SECONDS_MAX = 600
ALLOW_LONG_STATEMENTS = text(f"set local statement_timeout = '{VERIFY_SECONDS_MAX}s'")
ROWS_AT_A_TIME = 5_000


class DayRow(NamedTuple):
    """A day fact with its stored contribution, in the order of DAY_TOTALS."""

    employee_id: UUID
    work_date: date
    semester: int
    record: bytes
    contribution: list[int]


DAYS = query(
    f"select employee_id, work_date, semester, record, array[{', '.join(DAY_TOTALS)}] as contribution from day_fact",
    DayRow,
)


class FeedbackRow(NamedTuple):
    """A feedback fact; `totals` is its stored contribution."""

    feedback_id: UUID
    employee_id: UUID | None
    semester: int
    totals: list[int]
    record: bytes


FEEDBACK = query("select feedback_id, employee_id, semester, totals, record from feedback_fact", FeedbackRow)


class StoredTotals(NamedTuple):
    """Stored totals with the stored score, in hundredths of points."""

    employee_id: UUID
    semester: int
    totals: list[int]
    score: int | None
    band: str | None
    complete: bool
    org_unit_id: str | None


STORED_TOTALS = query(
    f"""
    select t.employee_id, t.semester, {TOTALS_ARRAY} as totals, t.score, t.band, t.complete, e.org_unit_id
    from semester_total t left join employee e using (employee_id) order by t.employee_id, t.semester
    """,
    StoredTotals,
)


class IncompleteGroup(NamedTuple):
    """A group of ratings that waits for members."""

    group_id: UUID
    members: int


INCOMPLETE_GROUPS = query(
    """
    select h.group_id, count(*) as members from held_rating h left join feedback_fact f using (feedback_id)
    where h.held_at < now() - make_interval(secs => :seconds) and coalesce(f.revision, 0) < h.revision
    group by 1 order by 1
    """,
    IncompleteGroup,
)


@dataclass
class Verification:
    """The numbers of compared items, and the first differences as text; officers by employee_id."""

    days: int = 0
    feedback: int = 0
    totals: int = 0
    difference_count: int = 0
    differences: list[str] = field(default_factory=list)

    def differs(self, text: str) -> None:
        self.difference_count += 1
        if len(self.differences) < DIFFERENCES_MAX:
            self.differences.append(text)


async def verify(session: AsyncSession, policies: PolicyBook) -> Verification:
    """Compares in one snapshot: each fact with its evidence, the totals with the facts, the scores with the totals."""
    await session.execute(ALLOW_LONG_STATEMENTS)
    verification = Verification()
    sums: dict[tuple[UUID, int], Contribution] = {}
    async for day in DAYS.stream(session, rows_at_a_time=ROWS_AT_A_TIME):
        verification.days += 1
        _check_day(day, sums, verification)
    async for feedback in FEEDBACK.stream(session, rows_at_a_time=ROWS_AT_A_TIME):
        verification.feedback += 1
        _check_feedback(feedback, sums, verification)
    async for row in STORED_TOTALS.stream(session, rows_at_a_time=ROWS_AT_A_TIME):
        verification.totals += 1
        expected = sums.pop((row.employee_id, row.semester), NO_TOTALS)
        policy = await policies.policy(session, Semester.from_number(row.semester))
        _check_totals(row, expected, policy, verification)
    for (employee_id, number), missing in sums.items():
        if missing != NO_TOTALS:
            verification.differs(f"officer {employee_id}, {Semester.from_number(number)}: the totals are missing")
    for group in await INCOMPLETE_GROUPS.all(session, {"seconds": WAITING_SECONDS_MAX}):
        verification.differs(
            f"rating group {group.group_id}: {group.members} of its records wait for the others, which did not arrive"
        )
    return verification


def _check_day(row: DayRow, sums: dict[tuple[UUID, int], Contribution], verification: Verification) -> None:
    day = decode_day(row.record)
    expected = day_contribution(day.state, day.status, day.scheduled_minutes, day.credited_minutes, day.excuse)
    stored = tuple(row.contribution)
    if stored != expected or row.semester != Semester.number_of(row.work_date):
        verification.differs(
            f"day {row.work_date} of officer {row.employee_id}: contributes {stored} to semester {row.semester},"
            f" but its evidence gives {expected}"
        )
    _sum(sums, row.employee_id, row.work_date, widen_day(expected))


def _check_feedback(row: FeedbackRow, sums: dict[tuple[UUID, int], Contribution], verification: Verification) -> None:
    feedback = decode_feedback(row.record)
    local_date = feedback.given_at.date()
    name = f"feedback {row.feedback_id}"
    if row.semester != Semester.number_of(local_date):
        verification.differs(f"{name}: is stored in semester {row.semester}, but its evidence is of {local_date}")
    expected = feedback_contribution(
        feedback.kind, feedback.state, feedback.ratings, feedback.points, feedback.weight_class
    )
    if tuple(row.totals) != expected:
        verification.differs(f"{name}: contributes {tuple(row.totals)}, but its evidence gives {expected}")
    if row.employee_id is not None:
        _sum(sums, row.employee_id, local_date, widen_feedback(expected))


def _sum(sums: dict[tuple[UUID, int], Contribution], employee_id: UUID, day: date, contribution: Contribution) -> None:
    key = (employee_id, Semester.number_of(day))
    sums[key] = add(sums.get(key, NO_TOTALS), contribution)


def _check_totals(row: StoredTotals, expected: Contribution, policy: ScorePolicy, verification: Verification) -> None:
    name = f"officer {row.employee_id}, {Semester.from_number(row.semester)}"
    for column, stored, summed in zip(TOTALS, row.totals, expected, strict=True):
        if stored != summed:
            verification.differs(f"{name}: {column} is {stored}, but the facts give {summed}")
    result = score(expected, policy, row.org_unit_id)
    stored_score = (hundredths_to_decimal(row.score), row.band, row.complete)
    if stored_score != (result.score, result.band, result.complete):
        verification.differs(
            f"{name}: score is {stored_score}, but the facts give {(result.score, result.band, result.complete)}"
        )
