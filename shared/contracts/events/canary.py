"""The canary: an artificial officer that checks whether a punch still becomes a score.

Its machine pushes a punch every minute, and its records are on the topics like those of other officers. A reader
recognises them by `employee_id` (also in the key and in `ce_subject`), which never changes. They do not appear in any
list, export, statistic or notice.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

__all__ = [
    "CANARY_EMPLOYEE_ID",
    "CANARY_NIP",
    "CANARY_PIN",
    "CANARY_UNIT_ID",
    "CANARY_WORDS",
    "PUNCH_DAYS_BACK",
    "CanaryMachine",
    "arrival_of",
    "departure_of",
]

CANARY_EMPLOYEE_ID = UUID("00000000-0000-7000-8000-000000000001")
CANARY_UNIT_ID = "kinerja-canary"
CANARY_WORDS = (
    f"Records whose `employee_id` is `{CANARY_EMPLOYEE_ID}` (their keys begin with it too) are not of a person. A canary"
    " punches every minute to check that events flow. Leave these records out of all data about people."
)
CANARY_PIN = "1"
CANARY_NIP = "0" * 18
"""Not a NIP: a NIP begins with a date of birth."""

PUNCH_DAYS_BACK = 2
"""The canary punches for the day before yesterday: that day is final, so each punch changes the score at once."""


def arrival_of(work_date: date) -> datetime:
    """The canary's arrival on a work date, local time. Its shift begins a second before and lasts 24 hours."""
    return datetime.combine(work_date, time(0, 0, 1))


def departure_of(work_date: date, minute: int) -> datetime | None:
    """The departure that is pushed in a minute (0 to 1439) of the day, local time; each adds one credited minute.

    None in the first minute: a departure within 60 s of the arrival would be the same tap.
    """
    return datetime.combine(work_date, time()) + timedelta(minutes=minute + 1) if minute else None


@dataclass(frozen=True, slots=True)
class CanaryMachine:
    """The canary's simulated machine: serial and comm key are derived from the installation's canary key."""

    serial: str
    comm_key: str

    @classmethod
    def of(cls, key: str) -> CanaryMachine:
        """From the secret `canary_key`."""
        return cls(f"CANARY-{_derived(key, 'serial')[:16]}", _derived(key, "comm key"))


def _derived(key: str, purpose: str) -> str:
    return hmac.new(key.encode(), f"kinerja canary: {purpose}".encode(), hashlib.sha256).hexdigest()
