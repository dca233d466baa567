"""A transaction that changes facts about days."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.span import first_computed_date
from shared.base.clock import Clock

__all__ = ["Change"]


@dataclass(frozen=True, slots=True)
class Change:
    """One transaction with its time; it may enqueue days. A function that only reads takes the session alone."""

    session: AsyncSession
    now: datetime
    zone: ZoneInfo
    """The zone that defines dates."""
    first_work_date: date | None
    """The settings' first date to compute, if any."""
    clock: Clock
    wake: asyncio.Event
    """Set after the commit when days were enqueued: wakes the day worker of this process."""

    @property
    def today(self) -> date:
        """The present date."""
        return self.date_of(self.now)

    @property
    def first_date(self) -> date:
        """No date before it is computed."""
        return first_computed_date(self.today, self.first_work_date)

    @property
    def last_date(self) -> date:
        """The last date that can be enqueued: a transaction that waits for locks may end on a later date than it began."""
        return max(self.today, self.date_of(self.clock.now()))

    def date_of(self, moment: datetime) -> date:
        """The date of a moment."""
        return moment.astimezone(self.zone).date()
