"""Which mails wait after a fault of the sender's side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

__all__ = ["BROKEN_OFF_MAX", "PAUSE_FIRST", "Pause", "SendingOrder"]

PAUSE_FIRST, PAUSE_MOST = timedelta(seconds=30), timedelta(minutes=10)
BROKEN_OFF_MAX = 3
"""If the server breaks off for this many different recipients in a row, the server is at fault and not a recipient."""


@dataclass(frozen=True, slots=True)
class SendingOrder:
    """The recipients whose mails wait, and the recipients and domains whose mails go last."""

    waiting: list[UUID]
    last: list[UUID]
    domains_last: list[str]


class Pause:
    """A fault that affects every mail stops all mails for a while, so that only one mail at a time retries. If the server breaks
    off after the recipient was named, that recipient's mails wait and those to the same domain go last; all mails stop after
    several different recipients in a row. Each process has its own pause.
    """

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._length = PAUSE_FIRST
        self._broken_off: dict[UUID, tuple[str, datetime]] = {}
        """For each recipient: the domain, and until when the recipient's mails wait."""
        self._in_a_row: set[UUID] = set()

    def is_active(self, now: datetime) -> bool:
        """Whether no mail may be sent now."""
        return self._until is not None and now < self._until

    def order(self, now: datetime) -> SendingOrder:
        """The order in which the other mails are sent."""
        return SendingOrder(
            waiting=[recipient for recipient, (_, until) in self._broken_off.items() if now < until],
            last=list(self._broken_off),
            domains_last=list({domain for domain, _ in self._broken_off.values()}),
        )

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
