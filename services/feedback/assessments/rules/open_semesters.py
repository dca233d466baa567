"""Which dates an assessment may have: those of the current and of the previous semester."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

from shared.contracts.semester import Semester

__all__ = ["given_at_fault", "is_closed"]

FUTURE_TOLERANCE = timedelta(minutes=5)
FIRST_YEAR = 2000
"""Earlier dates cannot be right, and the earliest datetime cannot be converted to another zone."""


def is_closed(given_at: datetime, now: datetime, zone: tzinfo) -> bool:
    """Whether the semester of this moment is closed."""
    return given_at.astimezone(zone).date() < _first_open_day(now, zone)


def given_at_fault(given_at: datetime, now: datetime, zone: tzinfo) -> str | None:
    """Why a new assessment cannot have this moment; None if it can."""
    if given_at > now + FUTURE_TOLERANCE:
        return "`given_at` is in the future."
    if given_at.year < FIRST_YEAR or is_closed(given_at, now, zone):
        return "`given_at` is before the previous semester: earlier semesters are closed."
    return None


def _first_open_day(now: datetime, zone: tzinfo) -> date:
    return Semester.of(now.astimezone(zone).date()).previous.first_day
