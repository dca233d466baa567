"""Queries over scores and discipline records for the service's operation."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.contracts.semester import Semester
from shared.contracts.topics import SCORE
from shared.db.queries import query
from shared.messaging.producing.outbox import OutboxRow

__all__ = ["NEXT_SCORES", "NEXT_YEARS", "ROUND_ROWS_MAX", "PublishedRow", "newest_canary_day"]

ROUND_ROWS_MAX = 500


class CanaryDay(NamedTuple):
    """A work date of the canary with its score's state."""

    work_date: date
    record: bytes
    as_of: datetime
    changed: bool
    revision: int
    semester: int


NEWEST_CANARY_DAY = query(
    f"""
    select f.work_date, f.record, t.as_of, t.changed, p.revision, p.semester
    from day_fact f
    join semester_total t using (employee_id, semester) join published_score p using (employee_id, semester)
    where f.employee_id = '{CANARY_EMPLOYEE_ID}' and f.scheduled_minutes > 0 order by f.work_date desc limit 1
    """,
    CanaryDay,
)


async def newest_canary_day(session: AsyncSession) -> tuple[CanaryDay, bool] | None:
    """The canary's newest work date and whether the broker has acknowledged its score; None if no canary has punched.

    The relay deletes a row of the outbox after the broker's acknowledgement.
    """
    row = await NEWEST_CANARY_DAY.first(session)
    if row is None:
        return None
    key = f"{CANARY_EMPLOYEE_ID}/{Semester.from_number(row.semester)}".encode()
    unsent = select(OutboxRow.id).where(OutboxRow.topic == SCORE.name, OutboxRow.key == key).limit(1)
    return row, not row.changed and (await session.execute(unsent)).first() is None


class PublishedRow(NamedTuple):
    """A published record; `period` is the semester's number or the year."""

    employee_id: UUID
    period: int
    record: bytes


NEXT_SCORES = query(
    f"""
    select employee_id, semester as period, record from published_score
    where (employee_id, semester) > (:employee, :period) order by employee_id, semester limit {ROUND_ROWS_MAX}
    """,
    PublishedRow,
)
NEXT_YEARS = query(
    f"""
    select employee_id, year as period, record from discipline_year
    where record is not null and (employee_id, year) > (:employee, :period)
    order by employee_id, year limit {ROUND_ROWS_MAX}
    """,
    PublishedRow,
)
