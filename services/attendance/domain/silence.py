"""Whether a machine that should be heard now is not: in its site's working hours, not at night or on a holiday."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.attendance.domain.schedule import Scheduled, ScheduledShift

__all__ = ["PATIENCE", "Contact", "is_silent"]

PATIENCE: Final = timedelta(hours=1)
"""A machine of the push protocol asks for commands every few seconds. After the start of work it has as long again:
where the mains are switched off at night it starts with the first officer."""


@dataclass(frozen=True, slots=True)
class Contact:
    """When a machine was heard last (or registered), and whether it speaks without being punched."""

    heard_at: datetime
    polls: bool


def is_silent(contact: Contact, days: Iterable[Scheduled], now: datetime, silent_outage_days: int) -> bool:
    """Whether somebody should look at the machine now. `days`: what its site's dates around now hold.

    A machine that speaks only when there are punches may have none for a while: it has as long as the rules give.
    """
    working = any(isinstance(day, ScheduledShift) and day.start + PATIENCE <= now <= day.end for day in days)
    patience = PATIENCE if contact.polls else timedelta(days=silent_outage_days)
    return working and now - contact.heard_at > patience
