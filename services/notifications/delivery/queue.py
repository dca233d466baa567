"""The queue of waiting mails, and which of them wait after a fault of the sender's side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["MailQueue", "Pause", "read_queue", "retry_held"]

PAUSE_FIRST, PAUSE_MOST = timedelta(seconds=30), timedelta(minutes=10)
BROKEN_OFF_MAX = 3
"""If the server breaks off for this many different recipients in a row, the server is at fault and not a recipient."""

_DUE = text(
    """
    select d.notice_id, d.next_attempt_at, n.employee_id
    from delivery d join notice n using (notice_id) left join employee e on e.employee_id = n.recipient_id
    where d.next_attempt_at <= :now and d.notice_id <> all(cast(:without as uuid[]))
        and n.recipient_id <> all(cast(:waiting as uuid[]))
    order by (n.recipient_id = any(cast(:last as uuid[])))::int
            + (coalesce(lower(split_part(e.email, '@', 2)) = any(cast(:domains_last as text[])), false))::int,
        d.next_attempt_at, d.notice_id
    limit 1
    """
)

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
    """Which mails wait after a fault of the sender's side.

    A fault that affects every mail stops all mails for a while, so that only one mail at a time retries. If the server breaks
    off after the recipient was named, that recipient's mails wait and those to the same domain go last; all mails stop after
    several different recipients in a row. Each process has its own pause.
    """

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._length = PAUSE_FIRST
        self._broken_off: dict[UUID, tuple[str, datetime]] = {}
        """For each recipient: the domain, and until when the recipient's mails wait."""
        self._in_a_row: set[UUID] = set()

    def holds(self, now: datetime) -> bool:
        """Whether no mail may be sent now."""
        return self._until is not None and now < self._until

    async def next_due(self, session: AsyncSession, now: datetime, without: list[UUID]) -> Any:
        """The mail to send next, except for the notices `without`; None if there is none."""
        values = {
            "now": now,
            "without": without,
            "waiting": [recipient for recipient, (_, until) in self._broken_off.items() if now < until],
            "last": list(self._broken_off),
            "domains_last": list({domain for domain, _ in self._broken_off.values()}),
        }
        return (await session.execute(_DUE, values)).first()

    def extend(self, now: datetime) -> None:
        """The server failed again."""
        self._until = now + self._length
        self._length = min(self._length * 2, PAUSE_MOST)
        self._in_a_row.clear()

    def broken_off(self, recipient: UUID, address: str, now: datetime, until: datetime) -> None:
        """The server broke off for this recipient, whose other mails wait until then."""
        self._broken_off[recipient] = (address.rpartition("@")[2].lower(), until)
        self._in_a_row.add(recipient)
        if len(self._in_a_row) >= BROKEN_OFF_MAX:
            self.extend(now)

    def answered(self, recipient: UUID) -> None:
        """The server works, also for this recipient."""
        self._broken_off.pop(recipient, None)
        self._works()

    def end(self) -> None:
        """The operator has seen the server work: every mail may be tried."""
        self._broken_off.clear()
        self._works()

    def _works(self) -> None:
        self._in_a_row.clear()
        self._until, self._length = None, PAUSE_FIRST
