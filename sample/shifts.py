"""Who of a unit that works by roster has which shift: four officers cover morning, afternoon and night, one is free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sample.office import Unit

__all__ = ["PLANNED_DAYS", "entries", "shift_hours"]

PLANNED_DAYS = 35
"""So far ahead the roster is written: a roster that ends soon is an alert."""


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
    """Local start and end of the shift of a unit's officer, by the officer's place in the unit; None on a free day."""
    shift = _shift_on(position, day)
    if shift is None:
        return None
    start = datetime.combine(day, shift.start)
    return start, start + shift.length


def entries(unit: Unit, ids: dict[str, str], first: date, last: date) -> list[dict[str, Any]]:
    """The unit's roster as the service takes it. Free days have no entry: by roster only they are off."""
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
