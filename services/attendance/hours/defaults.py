"""Loads what every installation needs before its first day: rules, the city's week and the calendar of holidays."""

from __future__ import annotations

import asyncio

from services.attendance.context import AttendanceContext
from services.attendance.hours.holidays import load_calendar
from services.attendance.hours.schedules import load_default_week
from services.attendance.regulation.rule_sets import load_default_rules

__all__ = ["Defaults"]


class Defaults:
    """Adds what is missing; what an operator changed stays. Each year needs another calendar."""

    def __init__(self, context: AttendanceContext) -> None:
        self._context = context
        self._loaded_in: int | None = None

    async def load(self) -> None:
        """Loads the files of the settings and the calendar."""
        settings = self._context.settings
        rules = await asyncio.to_thread(settings.attendance_rules_file.read_bytes)
        week = await asyncio.to_thread(settings.week_schedule_file.read_bytes)
        async with self._context.changing() as change:
            await load_default_rules(change.session, rules)
            await load_default_week(change, week)
            await load_calendar(change, change.today)
        self._loaded_in = change.today.year

    async def ensure(self) -> None:
        """Loads once a year and process: days cannot close without rules, hours and calendar."""
        if self._loaded_in != self._context.today.year:
            await self.load()
