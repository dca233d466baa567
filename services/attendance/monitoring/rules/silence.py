"""Whether a machine is silent although its site works now. Nights and holidays do not count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.attendance.hours.rules.schedule import Scheduled, ScheduledShift

__all__ = ["PATIENCE", "Contact", "is_silent"]

PATIENCE: Final = timedelta(hours=1)
"""A machine of the push protocol polls for commands every few seconds. After the start of work the same time applies
again: where the power is off at night, the machine starts with the first officer."""


@dataclass(frozen=True, slots=True)
class Contact:
    """When the last request came (or the registration), and whether the machine sends requests without a punch."""

    heard_at: datetime
    polls: bool


def is_silent(contact: Contact, days: Iterable[Scheduled], now: datetime, silent_outage_days: int) -> bool:
    """Whether an operator should check the machine now. `days`: the site's schedule for the dates around now.

    A machine that sends requests only for punches may have none for a while: the limit from the rules applies to it.
    """
    working = any(isinstance(day, ScheduledShift) and day.start + PATIENCE <= now <= day.end for day in days)
    patience = PATIENCE if contact.polls else timedelta(days=silent_outage_days)
    return working and now - contact.heard_at > patience
