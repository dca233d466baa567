"""Converts the hours of a week from data (weekday names, HH:MM strings) to the form that the rules use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final

from services.attendance.hours.rules.day_hours import DayHours

__all__ = ["WEEKDAYS", "InvalidHoursError", "WeekHours", "week_hours"]

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FIELDS: Final = frozenset({"start", "end", "break_start", "break_end", "break_minutes"})
_BREAK_MINUTES_MAX: Final = 720


class InvalidHoursError(ValueError):
    """Invalid hours; the message names the weekday and the problem."""


@dataclass(frozen=True, slots=True)
class WeekHours:
    """Hours by weekday (0 = Monday), and the earliest start and latest end in minutes from local midnight."""

    hours: Mapping[int, DayHours]
    first_minute: int
    last_minute: int


def week_hours(days: Mapping[str, object]) -> WeekHours:
    """Parses weekday name → {start, end, break_start, break_end | break_minutes}. Raises InvalidHoursError."""
    unknown = sorted(str(name) for name in days if name not in WEEKDAYS)
    if unknown:
        raise InvalidHoursError(f"unknown weekdays: {', '.join(unknown)}; use {', '.join(WEEKDAYS)}")
    if not days:
        raise InvalidHoursError("a week needs at least one weekday with hours")
    hours = {WEEKDAYS.index(name): _day_hours(name, content) for name, content in days.items()}
    starts = {weekday: day.start.hour * 60 + day.start.minute for weekday, day in hours.items()}
    ends = [starts[weekday] + day.offsets()[0] // timedelta(minutes=1) for weekday, day in hours.items()]
    return WeekHours(hours, min(starts.values()), max(ends))


def _day_hours(name: str, content: object) -> DayHours:
    if not isinstance(content, Mapping) or not set(content) <= _FIELDS:
        raise InvalidHoursError(f"{name}: set start, end and either break_start with break_end, or break_minutes")
    minutes = content.get("break_minutes") or 0
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 <= minutes <= _BREAK_MINUTES_MAX:
        raise InvalidHoursError(f"{name}: break_minutes must be a whole number from 0 to {_BREAK_MINUTES_MAX}")
    start, end = _clock_time(name, content.get("start")), _clock_time(name, content.get("end"))
    if start is None or end is None:
        raise InvalidHoursError(f"{name}: start and end are required")
    pause = (_clock_time(name, content.get("break_start")), _clock_time(name, content.get("break_end")))
    try:
        return DayHours(start, end, *pause, minutes)
    except ValueError as error:
        raise InvalidHoursError(f"{name}: {error}") from None


def _clock_time(name: str, value: object) -> time | None:
    if value is None:
        return None
    try:
        if not isinstance(value, str) or len(value) != len("07:30"):
            raise ValueError
        return time.fromisoformat(value)
    except ValueError:
        raise InvalidHoursError(f'{name}: write a time like "07:30"') from None
