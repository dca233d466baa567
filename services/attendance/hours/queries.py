"""Reads stored weeks, overrides and the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.attendance.hours.holidays import WORKDAY
from services.attendance.hours.tables import CalendarDay, ScheduleOverride, WeekSchedule

__all__ = ["read_calendar", "read_overrides", "read_weeks"]

ITEMS_MAX = 1_000
"""Weeks, or overrides; the lists have no pages."""


async def read_weeks(session: AsyncSession) -> Sequence[WeekSchedule]:
    """The weeks, newest first."""
    newest_first = (col(WeekSchedule.effective_from).desc(), col(WeekSchedule.schedule_id))
    return (await session.scalars(select(WeekSchedule).order_by(*newest_first).limit(ITEMS_MAX))).all()


async def read_overrides(session: AsyncSession) -> Sequence[ScheduleOverride]:
    """The overrides, newest first."""
    newest_first = (col(ScheduleOverride.first_date).desc(), col(ScheduleOverride.override_id))
    return (await session.scalars(select(ScheduleOverride).order_by(*newest_first).limit(ITEMS_MAX))).all()


async def read_calendar(session: AsyncSession, first: date, last: date) -> Sequence[CalendarDay]:
    """The holidays and collective-leave days between two dates, both included, in order."""
    days = select(CalendarDay).where(CalendarDay.kind != WORKDAY, col(CalendarDay.day).between(first, last))
    return (await session.scalars(days.order_by(col(CalendarDay.day)))).all()
