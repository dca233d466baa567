"""The queue of waiting mails, and the pause of all mails after a fault of the sender's side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["MailQueue", "Pause", "read_queue", "retry_held"]

PAUSE_FIRST, PAUSE_MOST = timedelta(seconds=30), timedelta(minutes=10)

_QUEUE = text(
    """
    select count(*) as waiting, count(held_since) as held, min(held_since) as held_since,
           (select last_error from delivery where held_since is not null order by held_since limit 1) as held_by
    from delivery
    """
)
_RETRY = text(
    "update delivery set next_attempt_at = :now where held_since is not null and not sending and next_attempt_at > :now"
)


@dataclass(frozen=True, slots=True)
class MailQueue:
    """Numbers of the queue. `held` mails failed with a fault that the operator has to fix; others may wait behind them."""

    waiting: int
    held: int
    held_since: datetime | None
    held_by: str | None
    """Stage, code and enhanced status of the mail that has been held longest."""


async def read_queue(session: AsyncSession) -> MailQueue:
    """The current numbers of the queue."""
    return MailQueue(**(await session.execute(_QUEUE)).mappings().one())


async def retry_held(session: AsyncSession, now: datetime) -> None:
    """Makes held mails due now, because the operator has fixed the fault."""
    await session.execute(_RETRY, {"now": now})


class Pause:
    """Stops all mails for a while after a fault that affects every mail, so that only one mail at a time retries.

    Each process has its own pause.
    """

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._length = PAUSE_FIRST

    def holds(self, now: datetime) -> bool:
        """Whether no mail may be sent now."""
        return self._until is not None and now < self._until

    def extend(self, now: datetime) -> None:
        """The server failed again."""
        self._until = now + self._length
        self._length = min(self._length * 2, PAUSE_MOST)

    def end(self) -> None:
        """The server works."""
        self._until, self._length = None, PAUSE_FIRST
