"""Publishes the present state again: for new consumers and for a broker that lost data."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.context import AttendanceContext
from services.attendance.people.queries import OFFICER_STATES, OfficerState
from services.attendance.people.records import record_of
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE
from shared.db.queries import query
from shared.messaging.producing.republish import Republished, add_all_again, from_record

__all__ = ["republish"]

EMPLOYEES_AT_A_TIME = 1_000
DAYS_AT_A_TIME = 1_000

# The lock keeps a concurrent change from adding its newer revision to the outbox first. Consumers keep the newest
# revision in any order; this only saves them work.
_NEXT_EMPLOYEES = text(
    "select employee_id from employee where employee_id > :after order by employee_id limit :most for no key update"
)


class _Day(NamedTuple):
    employee_id: UUID
    work_date: date
    record: str


_NEXT_DAYS = query(
    """
    select employee_id, work_date, record from attendance_day
    where (employee_id, work_date) > (:employee_id, cast(:work_date as date))
    order by employee_id, work_date limit :most
    """,
    _Day,
)


async def republish(context: AttendanceContext) -> dict[str, int]:
    """Adds all officers and then all days with their present revisions to the outbox, one batch per transaction.

    Consumers that already have them change nothing. Returns the numbers of records, and of stored records that were skipped
    because they are unreadable.
    """
    employees = await _republish_employees(context)
    days = await _republish_days(context)
    unreadable = employees.unreadable + days.unreadable
    return {"employees": employees.records, "days": days.records, "unreadable": unreadable}


async def _republish_employees(context: AttendanceContext) -> Republished:
    return await add_all_again(
        context.database,
        context.outbox,
        EMPLOYEE,
        _next_employees,
        UUID(int=0),
        lambda state: state.employee_id,
        record_of,
    )


async def _next_employees(session: AsyncSession, after: UUID) -> list[OfficerState]:
    values = {"after": after, "most": EMPLOYEES_AT_A_TIME}
    employees = list((await session.execute(_NEXT_EMPLOYEES, values)).scalars())
    return await OFFICER_STATES.all(session, {"employees": employees})


async def _republish_days(context: AttendanceContext) -> Republished:
    return await add_all_again(
        context.database,
        context.outbox,
        ATTENDANCE_DAY,
        _next_days,
        (UUID(int=0), date.min),
        lambda row: (row.employee_id, row.work_date),
        from_record(ATTENDANCE_DAY),
    )


async def _next_days(session: AsyncSession, after: tuple[UUID, date]) -> list[_Day]:
    values = {"employee_id": after[0], "work_date": after[1], "most": DAYS_AT_A_TIME}
    return await _NEXT_DAYS.all(session, values)
