"""Which of several dated values applies on a date."""

from __future__ import annotations

from datetime import date

import pytest

from services.attendance.hours.rules.by_roster import RosterSetting
from services.attendance.hours.rules.validity import latest_on, valid_on


def on(day: int) -> date:
    return date(2026, 8, day)


OPEN = RosterSetting(True, on(3))
WHILE = RosterSetting(False, on(10), on(20))


@pytest.mark.parametrize(
    ("day", "valid"),
    [(2, []), (3, [OPEN]), (9, [OPEN]), (10, [OPEN, WHILE]), (20, [OPEN, WHILE]), (21, [OPEN])],
)
def test_both_dates_are_included_and_a_missing_end_is_open(day: int, valid: list[RosterSetting]) -> None:
    assert valid_on(on(day), [OPEN, WHILE]) == valid
    assert latest_on(on(day), [WHILE, OPEN]) == (valid[-1] if valid else None)


def test_of_values_that_start_on_the_same_date_the_first_counts() -> None:
    first, second = RosterSetting(True, on(3)), RosterSetting(False, on(3), on(20))
    assert latest_on(on(5), [first, second]) is first
    assert latest_on(on(5), [second, first]) is second
