"""When a mail is tried again, and when it is given up: its notice then stays in the inbox only."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from services.notifications.delivery.rules.faults import Blame

__all__ = ["COPIES_MAX", "REFUSALS_MAX", "RETRY_COPY", "GivenUp", "given_up", "retry_after"]

GivenUp = Literal["EMAIL_REFUSED", "EMAIL_NOT_ACCEPTED"]

RETRY_FIRST, RETRY_MOST = timedelta(seconds=30), timedelta(hours=6)
REFUSALS_MAX = 20
"""About three days of attempts for a recipient's mailbox."""
COPIES_MAX = 5
RETRY_COPY = timedelta(minutes=15)
"""A mail whose answer is missing may have arrived: five attempts within about four hours."""
_DOUBLINGS_MAX = 10


def given_up(blame: Blame, refusals: int) -> GivenUp | None:
    """The reason for giving a mail up; None if it is tried again. `refusals` counts temporary ones because of the recipient."""
    if refusals >= REFUSALS_MAX:
        return "EMAIL_NOT_ACCEPTED"
    return "EMAIL_REFUSED" if blame == "recipient" else None


def retry_after(attempts: int, *, may_be_accepted: bool) -> timedelta:
    """The pause after a number of failed attempts; doubles with each, up to six hours."""
    first = RETRY_COPY if may_be_accepted else RETRY_FIRST
    return min(first * int(2 ** min(attempts - 1, _DOUBLINGS_MAX)), RETRY_MOST)
