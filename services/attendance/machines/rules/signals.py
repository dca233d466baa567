"""What an operator should check in a machine's traffic. A signal is a hint, never a proof."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["COUNT_TOLERANCE", "TWO_ADDRESSES_SECONDS", "Count", "SignalKind", "contradicts"]

TWO_ADDRESSES_SECONDS = 600
"""Contact from another address within this time: two devices with one serial number, or somebody imitates the machine."""
COUNT_TOLERANCE = 2
"""Punches that may arrive between the machine's count and the request that reports it."""


class SignalKind(StrEnum):
    """The fixed set, as used in the API."""

    TWO_ADDRESSES = "TWO_ADDRESSES"
    PUNCH_RATE = "PUNCH_RATE"
    COUNT_CONTRADICTS = "COUNT_CONTRADICTS"
    QUOTA = "QUOTA"


@dataclass(frozen=True, slots=True)
class Count:
    """The number of punches that a machine reported to store, and when it reported it."""

    records: int
    at: datetime

    def within(self, days: int, now: datetime) -> bool:
        """Whether it is recent enough for a comparison."""
        return now - self.at <= timedelta(days=days)


def contradicts(before: Count, after: Count, received: int) -> bool:
    """Whether more punches came than the machine recorded.

    `received` counts the punches made and received between the two reports. A smaller count means that the log was deleted;
    the machine's menu events show that, so this function ignores it.
    """
    grown = after.records - before.records
    return grown >= 0 and received > grown + COUNT_TOLERANCE
