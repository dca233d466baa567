"""The first rules, the city's first hours, and the calendar of each year."""

from __future__ import annotations

import asyncio

from services.attendance.context import AttendanceContext
from services.attendance.hours.holidays import load_calendar
from services.attendance.hours.schedules import load_default_week
from services.attendance.regulation.rule_sets import load_default_rules

__all__ = ["Defaults"]


class Defaults:
    """Loads what no day can be computed without."""

    def __init__(self, context: AttendanceContext) -> None:
        self._context = context
        self._loaded_in = 0

    async def round(self) -> None:
        """Loads once a year: each year needs another calendar."""
        year = self._context.clock.now().astimezone(self._context.zone).year
        if self._loaded_in != year:
            await self.load()
            self._loaded_in = year

    async def load(self) -> None:
        """Loads what is missing; existing rules, hours and dates stay."""
        settings = self._context.settings
        rules = await asyncio.to_thread(settings.attendance_rules_file.read_bytes)
        week = await asyncio.to_thread(settings.week_schedule_file.read_bytes)
        async with self._context.changing() as change:
            await load_default_rules(change.session, rules)
            await load_default_week(change, week)
            await load_calendar(change, change.today)
