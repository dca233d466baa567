"""How far back days are computed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from shared.contracts.semester import Semester

__all__ = ["evidence_floor", "first_computed_date"]


def first_computed_date(today: date, first_work_date: date | None) -> date:
    """The first day of the previous semester, or the later date from the settings."""
    begin = Semester.of(today).previous.first_day
    return begin if first_work_date is None else max(begin, first_work_date)


def evidence_floor(now: datetime, zone: ZoneInfo) -> datetime:
    """Punches before this moment (UTC) prove nothing about a machine's time of service."""
    begin = first_computed_date(now.astimezone(zone).date(), None)
    return datetime.combine(begin, time(), zone).astimezone(UTC)
