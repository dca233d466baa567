"""Tables of this room."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.attendance.base import Base

__all__ = ["CalendarDay", "ScheduleOverride", "WeekSchedule"]


class WeekSchedule(Base, table=True):
    """Weekly working hours for an officer, a unit or (both null) the whole city; the most specific one counts."""

    __tablename__ = "week_schedule"

    schedule_id: UUID = Field(primary_key=True)
    name: str
    employee_id: UUID | None = Field(default=None, foreign_key="employee.employee_id")
    org_unit_id: str | None = Field(default=None, foreign_key="org_unit.org_unit_id")
    effective_from: date
    effective_to: date | None = None
    kind: str
    """`five_day` or `six_day`: an override replaces the hours of weeks of its own kind only."""
    days: str
    """JSON: weekday name → {start, end, break_start, break_end, break_minutes} as local HH:MM."""
    first_minute: int
    last_minute: int
    """Minutes from local midnight to the earliest start and the latest end (over 1440: on the next date)."""


class ScheduleOverride(Base, table=True):
    """Hours for a period that replace week schedules (Ramadan), by decree; rosters do not change."""

    __tablename__ = "schedule_override"

    override_id: UUID = Field(primary_key=True)
    name: str
    code: str
    """The reason code in a day's record for these hours, such as RAMADAN."""
    kind: str
    decree: str
    first_date: date
    last_date: date
    days: str
    first_minute: int
    last_minute: int


class CalendarDay(Base, table=True):
    """A holiday or a collective-leave day. Unconfirmed ones are estimates: they make a day unknown, never absent."""

    __tablename__ = "calendar_day"

    day: date = Field(primary_key=True)
    name: str
    kind: str
    confirmed: bool
    decree: str | None = None
