"""Which shift a punch belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.attendance.hours.rules.schedule import ScheduledShift
from services.attendance.regulation.rules.rule_set import AttendanceRules

__all__ = ["Window", "belongs_to_shift", "shift_window"]


@dataclass(frozen=True, slots=True)
class Window:
    """A time span in UTC, both ends included."""

    start: datetime
    end: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant <= self.end


def shift_window(shift: ScheduledShift, rules: AttendanceRules) -> Window:
    """The time span in which a punch can belong to the shift."""
    return Window(
        shift.start - timedelta(minutes=rules.window_before_minutes),
        shift.end + timedelta(minutes=rules.window_after_minutes),
    )


def belongs_to_shift(
    instant: datetime, shift: ScheduledShift, neighbours: Iterable[ScheduledShift], rules: AttendanceRules
) -> bool:
    """Whether a punch belongs to this shift: in its window, and not nearer to a neighbour whose window contains it too."""
    if instant not in shift_window(shift, rules):
        return False
    rivals = [
        other for other in neighbours if other.work_date != shift.work_date and instant in shift_window(other, rules)
    ]
    return all(_prefers(instant, shift, rival) for rival in rivals)


def _prefers(instant: datetime, shift: ScheduledShift, rival: ScheduledShift) -> bool:
    if shift.work_date < rival.work_date:
        return _is_the_earlier_ones(instant, shift, rival)
    return not _is_the_earlier_ones(instant, rival, shift)


def _is_the_earlier_ones(instant: datetime, earlier: ScheduledShift, later: ScheduledShift) -> bool:
    """A punch up to the end of the earlier shift belongs to it; after that the nearer border decides (tie: the end)."""
    if instant <= earlier.end:
        return True
    if instant >= later.start:
        return False
    return instant - earlier.end <= later.start - instant
