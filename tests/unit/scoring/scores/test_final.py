"""When a score is final."""

from __future__ import annotations

from datetime import date

import pytest

from services.scoring.scores.rules.final import is_final
from services.scoring.totals.rules.contribution import TOTALS
from shared.contracts.semester import Semester


@pytest.mark.parametrize(
    ("today", "provisional_days", "final"),
    [
        (date(2026, 12, 30), 0, False),
        (date(2026, 12, 31), 0, False),
        (date(2027, 1, 1), 0, True),
        (date(2027, 1, 1), 1, False),
        (date(2027, 1, 1), 2, False),
        (date(2027, 7, 1), 0, True),
    ],
)
def test_a_score_is_final_after_the_semesters_last_day_without_provisional_days(
    today: date, provisional_days: int, final: bool
) -> None:
    totals = tuple(provisional_days if name == "provisional_days" else 1 for name in TOTALS)
    assert is_final(Semester(2026, 2), totals, today) is final
