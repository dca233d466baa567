"""The hours of one day: start, end and break in local wall-clock time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator

from shared.base.rule_models import ClockTime, whole

__all__ = ["BREAK_MINUTES_MAX", "DayHours"]

BREAK_MINUTES_MAX: Final = 720
"""Of a weekday's hours and of a shift in the roster."""
_MINUTE = timedelta(minutes=1)
_NONE_IS_ZERO = BeforeValidator(lambda minutes: 0 if minutes is None else minutes)


@dataclass(frozen=True, slots=True)
class DayHours:
    """The hours of a day in local wall-clock time. An end that is not after the start is on the next date.

    The break has either a start and an end, or a length in minutes. A break with only a length is placed in the middle of
    the shift. Raises ValueError when the break does not fit inside the shift.
    """

    start: Annotated[time, ClockTime]
    end: Annotated[time, ClockTime]
    break_start: Annotated[time | None, ClockTime] = None
    break_end: Annotated[time | None, ClockTime] = None
    break_minutes: Annotated[int, whole(0, BREAK_MINUTES_MAX), _NONE_IS_ZERO] = 0

    def __post_init__(self) -> None:
        if (self.break_start is None) != (self.break_end is None):
            raise ValueError("break_start and break_end must be set together")
        if self.break_start is not None and self.break_minutes:
            raise ValueError("set break_start and break_end, or break_minutes, not both")
        span, break_from, break_to = self.offsets()
        if not timedelta(0) <= break_from <= break_to <= span:
            raise ValueError("the break must lie inside the shift")

    def offsets(self) -> tuple[timedelta, timedelta, timedelta]:
        """Wall-clock duration from the start to the end, to the start of the break and to the end of the break."""
        span = _wall_clock_distance(self.start, self.end) or timedelta(days=1)
        if self.break_start is not None and self.break_end is not None:
            break_from = _wall_clock_distance(self.start, self.break_start)
            return span, break_from, break_from + _wall_clock_distance(self.break_start, self.break_end)
        pause = self.break_minutes * _MINUTE
        break_from = (span - pause) // 2 // _MINUTE * _MINUTE
        return span, break_from, break_from + pause


def _wall_clock_distance(earlier: time, later: time) -> timedelta:
    day = date(2000, 1, 1)
    return (datetime.combine(day, later) - datetime.combine(day, earlier)) % timedelta(days=1)
