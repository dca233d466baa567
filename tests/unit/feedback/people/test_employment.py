"""Until when an officer is active."""

from __future__ import annotations

from datetime import date

import pytest

from services.feedback.people.rules.employment import is_active

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(("last_day", "active"), [(None, True), (TODAY, True), (date(2026, 11, 23), False)])
def test_an_officer_is_active_up_to_and_with_the_last_day(last_day: date | None, active: bool) -> None:
    assert is_active(last_day, TODAY) is active
