"""Shifts of a unit that works by roster: of four officers, three have morning, afternoon and night, and one is off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sample.office import Unit

__all__ = ["PLANNED_DAYS", "entries", "shift_hours"]

PLANNED_DAYS = 35
"""How many days ahead shifts are planned. A roster that ends soon raises an alert."""


@dataclass(frozen=True, slots=True)
class _Shift:
    start: time
    length: timedelta
    break_minutes: int


_CYCLE = (
    _Shift(time(7), timedelta(hours=7), 30),
    _Shift(time(14), timedelta(hours=7), 30),
    _Shift(time(21), timedelta(hours=10), 60),
    None,
)


def _shift_on(position: int, day: date) -> _Shift | None:
    return _CYCLE[(day.toordinal() + position) % len(_CYCLE)]


def shift_hours(position: int, day: date) -> tuple[datetime, datetime] | None:
    """Local start and end of an officer's shift, by the officer's index in the unit; None on a free day."""
    shift = _shift_on(position, day)
    if shift is None:
        return None
    start = datetime.combine(day, shift.start)
    return start, start + shift.length


def entries(unit: Unit, ids: dict[str, str], first: date, last: date) -> list[dict[str, Any]]:
    """The unit's shifts as the API expects them. Free days have no entry: by roster, a date without a shift is off."""
    found = []
    for position, officer in enumerate(unit.officers):
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
            shift = _shift_on(position, day)
            if shift is None:
                continue
            start = datetime.combine(day, shift.start)
            found.append(
                {
                    "employee_id": ids[officer.nip],
                    "work_date": day.isoformat(),
                    "starts_at": start.isoformat(),
                    "ends_at": (start + shift.length).isoformat(),
                    "break_minutes": shift.break_minutes,
                }
            )
    return found
