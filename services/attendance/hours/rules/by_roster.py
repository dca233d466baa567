"""Who works by roster only: on each date the officer's own setting overrides the unit's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.attendance.hours.rules.validity import latest_on

__all__ = ["RosterSetting", "works_by_roster"]


@dataclass(frozen=True, slots=True)
class RosterSetting:
    """Whether an officer, or a unit's officers, work by roster only. Both dates are included; None is open-ended."""

    by_roster: bool
    valid_from: date
    valid_to: date | None = None


def works_by_roster(day: date, own: Iterable[RosterSetting], unit: Iterable[RosterSetting]) -> bool:
    """Whether a date without a roster entry has no hours, so that neither week schedule nor calendar applies.

    Of several settings valid on the date, the one that starts last counts. Without a setting the answer is False.
    """
    for settings in (own, unit):
        setting = latest_on(day, settings)
        if setting is not None:
            return setting.by_roster
    return False
