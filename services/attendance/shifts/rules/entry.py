"""An entry of the roster and what makes it valid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

__all__ = ["Entry", "Shift", "shift_fault"]

SHIFT_MAX: Final = timedelta(days=1)


class Entry(StrEnum):
    """The kind of a roster entry: a shift, a day off, or none (removes an existing entry)."""

    SHIFT = "shift"
    OFF = "off"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Shift:
    """An officer's shift on a date, in local time, or (no times) a day off; `entry` NONE removes an entry."""

    employee_id: UUID
    work_date: date
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    break_minutes: int = 0
    entry: Entry | None = None

    @property
    def kind(self) -> Entry:
        """The explicit kind, or the kind that follows from the times."""
        return self.entry or (Entry.OFF if self.starts_at is None else Entry.SHIFT)


def shift_fault(shift: Shift) -> tuple[str, str] | None:
    """The fault of an entry: the field, and what it must be ("must …"); None for a valid entry."""
    starts, ends = shift.starts_at, shift.ends_at
    if (starts is None) != (ends is None):
        field, other = ("ends_at", "a start") if ends is None else ("starts_at", "an end")
        return field, f"is required, because the shift has {other}; a day off has neither"
    if shift.kind is Entry.SHIFT and starts is None:
        return "starts_at", "is required: a shift has a start and an end"
    if starts is None or ends is None:
        return ("break_minutes", "must be empty or 0: only a shift has a break") if shift.break_minutes else None
    if shift.kind is not Entry.SHIFT:
        return "starts_at", "must be empty: only a shift has times"
    if starts.date() != shift.work_date:
        return "starts_at", "must be on work_date: a shift belongs to the date on which it starts"
    if not timedelta(0) < ends - starts <= SHIFT_MAX:
        return "ends_at", "must be after the start, by at most 24 hours"
    if timedelta(minutes=shift.break_minutes) >= ends - starts:
        return "break_minutes", "must be shorter than the shift"
    return None
