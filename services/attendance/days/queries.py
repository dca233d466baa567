"""Reads published days."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.attendance.days.tables import AttendanceDay
from services.attendance.people.tables import Employee
from shared.contracts.events.attendance_day import AttendanceDayRecord

__all__ = ["DaysOfOfficer", "read_day", "read_days"]


class DaysOfOfficer(NamedTuple):
    """An officer's published days, by date, and the officer's present unit."""

    days: list[AttendanceDayRecord]
    org_unit_id: str


async def read_days(session: AsyncSession, employee_id: UUID, first: date, last: date) -> DaysOfOfficer | None:
    """The days between two dates, both included; None for an unknown officer."""
    officer = await session.get(Employee, employee_id)
    if officer is None:
        return None
    records = await session.scalars(
        select(AttendanceDay.record)
        .where(AttendanceDay.employee_id == employee_id, col(AttendanceDay.work_date).between(first, last))
        .order_by(col(AttendanceDay.work_date))
    )
    return DaysOfOfficer([AttendanceDayRecord.model_validate_json(record) for record in records], officer.org_unit_id)


async def read_day(session: AsyncSession, employee_id: UUID, work_date: date) -> AttendanceDayRecord | None:
    """The published day; None if the date is not computed."""
    day = await session.get(AttendanceDay, (employee_id, work_date))
    return None if day is None else AttendanceDayRecord.model_validate_json(day.record)
