"""Loads what every installation needs before its first day: rules, the city's week and the calendar of holidays."""

from __future__ import annotations

import asyncio
from pathlib import Path

from services.attendance.hours.holidays import load_calendar
from services.attendance.hours.schedules import load_default_week
from services.attendance.regulation.rule_sets import load_default_rules
from shared.service.context import Context

__all__ = ["Defaults"]


class Defaults:
    """Adds what is missing; what an operator changed stays. Each year needs another calendar."""

    def __init__(self, context: Context, rules_file: Path, week_file: Path) -> None:
        self._context = context
        self._rules_file = rules_file
        self._week_file = week_file
        self._loaded_in: int | None = None

    async def round(self) -> bool:
        """Loads the files and the calendar."""
        rules = await asyncio.to_thread(self._rules_file.read_bytes)
        week = await asyncio.to_thread(self._week_file.read_bytes)
        today = self._context.clock.now().astimezone(self._context.zone).date()
        async with self._context.database.transaction() as session:
            await load_default_rules(session, rules)
            await load_default_week(session, week)
            await load_calendar(session, today)
        self._loaded_in = today.year
        return False

    async def ensure(self) -> None:
        """Loads once a year and process: days cannot close without rules, hours and calendar."""
        if self._loaded_in != self._context.clock.now().astimezone(self._context.zone).year:
            await self.round()
