"""What a day costs: late and early bands, missing punches, absence, and the cap of a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from services.attendance.domain.day_inputs import DayDeduction
from services.attendance.domain.rules import AttendanceRules, Band

__all__ = [
    "MissingPunch",
    "absence_deduction",
    "band_deduction",
    "cap_deductions",
    "minutes_over",
    "missing_deductions",
]

MissingPunch = Literal["in", "out"]

_MINUTE = timedelta(minutes=1)


def minutes_over(earlier: datetime, later: datetime, grace_minutes: int) -> int:
    """Whole minutes from `earlier` to `later`, rounded up; 0 when not later.

    One second is a whole minute, so that the bands have no gaps. Within the grace it is 0, beyond it the grace is
    not given back.
    """
    minutes = max(0, -((earlier - later) // _MINUTE))
    return minutes if minutes > grace_minutes else 0


def band_deduction(minutes: int, bands: Sequence[Band]) -> list[DayDeduction]:
    """The one band that holds `minutes`: from its first minute up to, not including, the next band's."""
    reached = [band for band in bands if band.from_minute <= minutes]
    return [DayDeduction(reached[-1].code, reached[-1].percent)] if reached else []


def missing_deductions(missing: Iterable[MissingPunch], rules: AttendanceRules) -> list[DayDeduction]:
    """A missing punch has its own code: it is no band of lateness, though it often costs the same."""
    by_side = {
        "in": DayDeduction("TAP_IN_MISSING", rules.tap_in_missing_percent),
        "out": DayDeduction("TAP_OUT_MISSING", rules.tap_out_missing_percent),
    }
    return [by_side[side] for side in missing]


def absence_deduction(rules: AttendanceRules, *, half_day: bool) -> DayDeduction:
    """The cost of an absence, and the most that the day can cost."""
    return DayDeduction("ABSENT", rules.absent_half_day_percent if half_day else rules.absent_percent)


@dataclass(frozen=True, slots=True)
class CappedDeductions:
    """Deductions whose sum is within the cap; `capped` when something was cut."""

    items: tuple[DayDeduction, ...]
    capped: bool


def cap_deductions(deductions: Sequence[DayDeduction], cap: Decimal) -> CappedDeductions:
    """Cut from the last ones on, so that the sum is what the day costs: being present never costs more than absence."""
    items: list[DayDeduction] = []
    left = cap
    for deduction in deductions:
        granted = min(deduction.percent, left)
        left -= granted
        if granted or not deduction.percent:
            items.append(DayDeduction(deduction.code, granted))
    return CappedDeductions(tuple(items), sum((each.percent for each in deductions), Decimal()) > cap)
