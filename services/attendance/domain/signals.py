"""What about a machine's traffic an operator should look at. A signal is a question, never a judgement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["COUNT_TOLERANCE", "TWO_ADDRESSES_SECONDS", "Count", "SignalKind", "contradicts"]

TWO_ADDRESSES_SECONDS = 600
"""Another address within this time of the machine's own contact: two boxes, or somebody who plays it."""
COUNT_TOLERANCE = 2
"""Punches that may arrive between a machine's count and its message of it."""


class SignalKind(StrEnum):
    """The fixed set, as the API shows it."""

    TWO_ADDRESSES = "TWO_ADDRESSES"
    PUNCH_RATE = "PUNCH_RATE"
    COUNT_CONTRADICTS = "COUNT_CONTRADICTS"
    QUOTA = "QUOTA"


@dataclass(frozen=True, slots=True)
class Count:
    """The number of punches that a machine said to hold, and when it said so."""

    records: int
    at: datetime

    def within(self, days: int, now: datetime) -> bool:
        """Whether it is recent enough to be compared with."""
        return now - self.at <= timedelta(days=days)


def contradicts(before: Count, after: Count, received: int) -> bool:
    """Whether more punches came than the machine recorded.

    `received` counts those punched and received between the two messages. A count that fell says that the log was
    deleted, which the machine's own menu events tell: nothing is concluded from it.
    """
    grown = after.records - before.records
    return grown >= 0 and received > grown + COUNT_TOLERANCE
