"""Settings of the attendance service."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from shared.settings import ServiceSettings

__all__ = ["Settings"]

_RULES = Path(__file__).resolve().parents[2] / "rules" / "attendance"


class Settings(ServiceSettings):
    """Beside the common ones: where the first rules and hours come from. They are loaded once, into empty tables."""

    attendance_rules_file: Path = _RULES / "default.yaml"
    week_schedule_file: Path = _RULES / "week-schedule.yaml"
    canary: bool = False
    """Whether the canary is on the roster; `kinerja canary` punches for it."""
    first_work_date: date | None = None
    """No day before it is ever computed; without it the first day of the previous semester counts."""
