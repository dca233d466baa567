"""Which moments an assessment may have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.feedback.assessments.rules.open_semesters import FUTURE_TOLERANCE, given_at_fault, is_closed

ZONE = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
FIRST_OPEN = datetime(2026, 1, 1, tzinfo=ZONE)
SECOND = timedelta(seconds=1)
FUTURE = "`given_at` is in the future."
CLOSED = "`given_at` is before the previous semester: earlier semesters are closed."


@pytest.mark.parametrize(
    ("given_at", "fault"),
    [
        (NOW, None),
        (NOW + FUTURE_TOLERANCE, None),
        (NOW + FUTURE_TOLERANCE + SECOND, FUTURE),
        (FIRST_OPEN, None),
        (FIRST_OPEN - SECOND, CLOSED),
        (datetime(1, 1, 1, tzinfo=UTC), CLOSED),
    ],
)
def test_the_current_and_the_previous_semester_are_open(given_at: datetime, fault: str | None) -> None:
    assert given_at_fault(given_at, NOW, ZONE) == fault


def test_a_semester_closes_at_local_midnight() -> None:
    assert is_closed(FIRST_OPEN - SECOND, NOW, ZONE)
    assert not is_closed(FIRST_OPEN, NOW, ZONE)
    next_year = datetime(2027, 1, 1, tzinfo=ZONE)
    assert not is_closed(FIRST_OPEN, next_year - SECOND, ZONE)
    assert is_closed(FIRST_OPEN, next_year, ZONE)
