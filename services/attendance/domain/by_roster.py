"""Who works by roster only: an officer's own setting beats that of the unit on that date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

__all__ = ["RosterSetting", "works_by_roster"]


@dataclass(frozen=True, slots=True)
class RosterSetting:
    """Whether an officer, or a unit's officers, work by roster only between two dates, both included (None: open)."""

    by_roster: bool
    valid_from: date
    valid_to: date | None = None


def works_by_roster(day: date, own: Iterable[RosterSetting], unit: Iterable[RosterSetting]) -> bool:
    """Whether a date without a roster entry is nothing but that: no week and no calendar fill it.

    Of several settings valid on the date the one that starts last counts. Without any the officer is not by roster.
    """
    for settings in (own, unit):
        valid = [
            each for each in settings if each.valid_from <= day and (each.valid_to is None or day <= each.valid_to)
        ]
        if valid:
            return max(valid, key=lambda each: each.valid_from).by_roster
    return False
