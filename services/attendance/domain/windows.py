"""Which shift a punch belongs to, and which dates a punch can change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.attendance.domain.rules import AttendanceRules
from services.attendance.domain.schedule import ScheduledShift

__all__ = ["Window", "affected_work_dates", "belongs_to_shift", "shift_window", "work_date_of"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A time with both ends included, in UTC."""

    start: datetime
    end: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant <= self.end


def work_date_of(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar date of an instant in the unit's zone."""
    return instant.astimezone(zone).date()


def shift_window(shift: ScheduledShift, rules: AttendanceRules) -> Window:
    """The time in which a punch can belong to the shift."""
    return Window(
        shift.start - timedelta(minutes=rules.window_before_minutes),
        shift.end + timedelta(minutes=rules.window_after_minutes),
    )


def belongs_to_shift(
    instant: datetime, shift: ScheduledShift, neighbours: Iterable[ScheduledShift], rules: AttendanceRules
) -> bool:
    """Whether a punch is this shift's: inside its window, and not nearer to a neighbour whose window has it too."""
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
    """Up to the end of the earlier shift it is the earlier one's; then the nearer border has it, the end on a tie."""
    if instant <= earlier.end:
        return True
    if instant >= later.start:
        return False
    return instant - earlier.end <= later.start - instant


def affected_work_dates(instant: datetime, zone: ZoneInfo, rules: AttendanceRules) -> tuple[date, ...]:
    """The work dates that a punch at this instant can change: a shift may start a day before and end after it."""
    first = work_date_of(instant - timedelta(minutes=rules.window_after_minutes), zone) - _DAY
    last = work_date_of(instant + timedelta(minutes=rules.window_before_minutes), zone)
    return tuple(first + _DAY * offset for offset in range((last - first).days + 1))
