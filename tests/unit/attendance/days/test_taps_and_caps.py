"""Taps at the limits of a shift, trusted directions, and deductions at the daily cap."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.attendance.days.rules.day_status import day_status
from services.attendance.days.rules.deductions import cap_deductions
from services.attendance.days.rules.taps import merge_taps
from services.attendance.punches.rules.punch import Direction, Punch
from shared.contracts.events.attendance_day import Deduction
from tests.unit.attendance.days.day_helpers import inputs, local


def tap(*punches: tuple[Direction, bool]) -> Direction:
    (found,) = merge_taps([Punch(local("07:30"), "m1", direction, trusted) for direction, trusted in punches], 60)
    return found.direction


@pytest.mark.parametrize(
    ("punches", "direction"),
    [
        ([(Direction.IN, True)], Direction.IN),
        ([(Direction.IN, False)], Direction.UNKNOWN),
        ([(Direction.UNKNOWN, True)], Direction.UNKNOWN),
        ([(Direction.IN, True), (Direction.UNKNOWN, True)], Direction.IN),
        ([(Direction.IN, True), (Direction.OUT, False)], Direction.IN),
        ([(Direction.IN, True), (Direction.OUT, True)], Direction.UNKNOWN),
    ],
)
def test_a_tap_has_the_direction_in_which_its_trusted_machines_agree(
    punches: list[tuple[Direction, bool]], direction: Direction
) -> None:
    assert tap(*punches) is direction


def test_a_punch_at_the_start_is_no_departure_and_one_at_the_end_no_arrival() -> None:
    assert day_status(inputs("07:00", "07:30")).missing_punches == ("out",)
    assert day_status(inputs("07:00", "07:30:01")).missing_punches == ()
    assert day_status(inputs("16:00", "17:00")).missing_punches == ("in",)
    assert day_status(inputs("15:59:59", "17:00")).missing_punches == ()


@pytest.mark.parametrize(
    ("percents", "granted", "capped"),
    [
        ("", "", False),
        ("1 2", "1 2", False),
        ("1 2.5", "1 2", True),
        ("3 1", "3", True),  # nothing is left of the second
        ("0 1", "0 1", False),  # a deduction that costs nothing is listed
        ("3 0", "3 0", False),
    ],
)
def test_the_last_deductions_are_reduced_to_the_cap(percents: str, granted: str, capped: bool) -> None:
    def deductions(text: str) -> tuple[Deduction, ...]:
        return tuple(Deduction(code=f"D{n}", percent=Decimal(each)) for n, each in enumerate(text.split()))

    found = cap_deductions(deductions(percents), Decimal(3))
    assert (found.items, found.capped) == (deductions(granted), capped)
