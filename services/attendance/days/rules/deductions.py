"""The deductions of a day: bands for lateness and early leave, missing punches, absence, and the daily cap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from services.attendance.regulation.rules.rule_set import AttendanceRules, Band
from shared.contracts.events.attendance_day import Deduction

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

    One second counts as a whole minute, so that the bands have no gaps. Within the grace the result is 0; above it, the
    grace is not subtracted.
    """
    minutes = max(0, -((earlier - later) // _MINUTE))
    return minutes if minutes > grace_minutes else 0


def band_deduction(minutes: int, bands: Sequence[Band]) -> list[Deduction]:
    """The deduction of the band that contains `minutes`: from its first minute to just before the next band's."""
    reached = [band for band in bands if band.from_minute <= minutes]
    return [Deduction(code=reached[-1].code, percent=reached[-1].percent)] if reached else []


def missing_deductions(missing: Iterable[MissingPunch], rules: AttendanceRules) -> list[Deduction]:
    """A missing punch has its own code. It is not a lateness band, though it often costs the same."""
    by_side = {
        "in": Deduction(code="TAP_IN_MISSING", percent=rules.tap_in_missing_percent),
        "out": Deduction(code="TAP_OUT_MISSING", percent=rules.tap_out_missing_percent),
    }
    return [by_side[side] for side in missing]


def absence_deduction(rules: AttendanceRules, *, half_day: bool) -> Deduction:
    """The deduction for an absence, which is also the maximum for the day."""
    return Deduction(code="ABSENT", percent=rules.absent_half_day_percent if half_day else rules.absent_percent)


@dataclass(frozen=True, slots=True)
class CappedDeductions:
    """Deductions whose sum does not exceed the cap; `capped` is True when something was reduced."""

    items: tuple[Deduction, ...]
    capped: bool


def cap_deductions(deductions: Sequence[Deduction], cap: Decimal) -> CappedDeductions:
    """Reduces the last deductions first until the sum fits the cap: presence never costs more than absence."""
    items: list[Deduction] = []
    left = cap
    for deduction in deductions:
        granted = min(deduction.percent, left)
        left -= granted
        if granted or not deduction.percent:
            items.append(Deduction(code=deduction.code, percent=granted))
    return CappedDeductions(tuple(items), sum((each.percent for each in deductions), Decimal()) > cap)
