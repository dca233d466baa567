"""When a score is final."""

from __future__ import annotations

from datetime import date

from services.scoring.totals.rules.contribution import TOTALS, Contribution
from shared.contracts.semester import Semester

__all__ = ["is_final"]

_PROVISIONAL_DAYS = TOTALS.index("provisional_days")


def is_final(semester: Semester, totals: Contribution, today: date) -> bool:
    """Whether the semester has ended (by the local date) and none of its days is provisional."""
    return today > semester.last_day and totals[_PROVISIONAL_DAYS] == 0
