"""Updates officers whose unit or employment type changes today."""

from __future__ import annotations

from services.attendance.context import AttendanceContext
from services.attendance.people.assignments import settle_present

__all__ = ["Transfers"]


class Transfers:
    """Runs every minute, because a transfer may be entered long before its date."""

    def __init__(self, context: AttendanceContext) -> None:
        self._context = context

    async def round(self) -> bool:
        """Updates all officers whose change is due."""
        async with self._context.changing() as change:
            await settle_present(self._context, change.session, change.today, change.now)
        return False
