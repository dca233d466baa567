"""Leave and duty: the effect of an approved decision on the whole day or half of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.attendance.hours.rules.schedule import ScheduledShift
from services.attendance.leave.rules.excuse import Excuse, ExcuseKind, ExcuseState, Half

__all__ = [
    "ExcusedDay",
    "MergedExcuses",
    "RequiredPart",
    "excused_day",
    "merge_excuses",
    "required_part",
    "whole_day_excuse",
]

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MergedExcuses:
    """The excuse that counts for each half of the day; None where the officer had to work."""

    morning: Excuse | None
    afternoon: Excuse | None


@dataclass(frozen=True, slots=True)
class ExcusedDay:
    """A fully excused day: `official_duty` with its minutes, or `excused`."""

    code: str
    kind: ExcuseKind
    scheduled_minutes: int


@dataclass(frozen=True, slots=True)
class RequiredPart:
    """The part of a shift that the officer had to work; `excuse` is the code of the other half's excuse."""

    start: datetime
    end: datetime
    minutes: int
    excuse: str | None

    @property
    def is_half(self) -> bool:
        """Whether the officer had to work only half of the day."""
        return self.excuse is not None


def merge_excuses(excuses: Iterable[Excuse]) -> MergedExcuses:
    """Chooses one approved excuse per half: leave before duty, whole days before halves, then by code."""
    approved = sorted(
        (excuse for excuse in excuses if excuse.state is ExcuseState.APPROVED),
        key=lambda excuse: (excuse.kind is not ExcuseKind.LEAVE, excuse.half is not Half.NONE, excuse.code),
    )
    return MergedExcuses(
        next((excuse for excuse in approved if excuse.half is not Half.AFTERNOON), None),
        next((excuse for excuse in approved if excuse.half is not Half.MORNING), None),
    )


def whole_day_excuse(merged: MergedExcuses) -> Excuse | None:
    """The excuse that names a fully excused day; if the halves differ, the one on duty. None when not fully excused."""
    morning, afternoon = merged.morning, merged.afternoon
    if morning is None or afternoon is None:
        return None
    return afternoon if afternoon.kind is ExcuseKind.DUTY and morning.kind is ExcuseKind.LEAVE else morning


def excused_day(merged: MergedExcuses, shift: ScheduledShift) -> ExcusedDay | None:
    """The excuse of the whole day, or None when the officer has to work at least half of it.

    The halves may have different excuses. If one of them is duty, the day is duty and only that half is scheduled.
    """
    morning, afternoon, whole = merged.morning, merged.afternoon, whole_day_excuse(merged)
    if morning is None or afternoon is None or whole is None:
        return None
    if morning.kind is afternoon.kind:
        minutes = shift.minutes
    elif whole is morning:
        minutes = _morning_minutes(shift)
    else:
        minutes = shift.minutes - _morning_minutes(shift)
    return ExcusedDay(whole.code, whole.kind, minutes)


def required_part(merged: MergedExcuses, shift: ScheduledShift) -> RequiredPart:
    """The part to work on a day that is not fully excused. The halves meet at the break."""
    if merged.morning is not None:
        return RequiredPart(shift.break_end, shift.end, shift.minutes - _morning_minutes(shift), merged.morning.code)
    if merged.afternoon is not None:
        return RequiredPart(shift.start, shift.break_start, _morning_minutes(shift), merged.afternoon.code)
    return RequiredPart(shift.start, shift.end, shift.minutes, None)


def _morning_minutes(shift: ScheduledShift) -> int:
    return (shift.break_start - shift.start) // _MINUTE
