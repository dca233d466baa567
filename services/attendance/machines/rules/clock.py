"""Whether the time of a punch can be right, by the time at which the server received it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

__all__ = ["ClockFlag", "clock_flags"]

FIRST_CREDIBLE_YEAR: Final = 2010


class ClockFlag(StrEnum):
    """Why the time of a readable punch is not trusted. Such a punch is stored but not counted."""

    FUTURE = "future"
    CLOCK_RESET = "clock_reset"


def clock_flags(local_time: datetime, received_local: datetime, *, future_tolerance_seconds: int = 300) -> list[str]:
    """Returns why a punch time is not trusted: `future`, `clock_reset`, or an empty list.

    Both times are local to the machine, without a zone. `future`: later than the receive time plus the tolerance
    (wrong zone, or clock set by hand). `clock_reset`: before 2010 (empty battery).
    """
    flags: list[str] = []
    if local_time - received_local > timedelta(seconds=future_tolerance_seconds):
        flags.append(ClockFlag.FUTURE.value)
    if local_time.year < FIRST_CREDIBLE_YEAR:
        flags.append(ClockFlag.CLOCK_RESET.value)
    return flags
