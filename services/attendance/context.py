"""What the parts of this service share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.settings import Settings
from shared.service.context import REQUEST_SECONDS_MAX, Context

__all__ = ["AttendanceContext"]

T = TypeVar("T")


@dataclass(frozen=True)
class AttendanceContext(Context):
    """The technical parts of this service, with its own settings."""

    settings: Settings
    days_changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Wakes the day worker."""

    async def change(
        self,
        work: Callable[[Change], Awaitable[T]],
        *,
        seconds: float = REQUEST_SECONDS_MAX,
        now: datetime | None = None,
    ) -> T:
        """Like `transact`, for work that may enqueue days. `now`: when the request came, if that matters."""
        return await self.transact(lambda session: work(self.change_in(session, now)), seconds=seconds)

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[Change]:
        """A change for background work: commits at the end of the block, rolls back on an exception."""
        async with self.database.transaction() as session:
            yield self.change_in(session)

    def change_in(self, session: AsyncSession, now: datetime | None = None) -> Change:
        """A change in an open transaction."""
        return Change(
            session, now or self.clock.now(), self.zone, self.settings.first_work_date, self.clock, self.days_changed
        )
