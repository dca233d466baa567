"""Whether a roster must be extended: an officer who works by roster only is off on every date without an entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["RosterEnd", "RosteredOfficer", "roster_ends"]


@dataclass(frozen=True, slots=True)
class RosteredOfficer:
    """An officer who works by roster only on the first date that need not be planned yet.

    `last_entry`: the last date with an entry in the officer's roster, None without one. `on_leave`: leave or duty covers
    that first date, so that no shift is expected.
    """

    org_unit_id: str
    last_entry: date | None
    on_leave: bool = False

    def lacks_entries(self, from_date: date) -> bool:
        """Whether the roster should have entries from this date on and has none."""
        return not self.on_leave and (self.last_entry is None or self.last_entry < from_date)


@dataclass(frozen=True, slots=True)
class RosterEnd:
    """A unit with officers whose roster ends before `from_date`; `last_entry` is the latest of all its officers."""

    org_unit_id: str
    by_roster: int
    without_entry: int
    from_date: date
    last_entry: date | None


def roster_ends(officers: list[RosteredOfficer], from_date: date) -> list[RosterEnd]:
    """The units whose roster ends before `from_date` for at least one of their officers, sorted by unit."""
    ends = []
    for unit in sorted({officer.org_unit_id for officer in officers}):
        theirs = [officer for officer in officers if officer.org_unit_id == unit]
        lacking = [officer for officer in theirs if officer.lacks_entries(from_date)]
        if lacking:
            last = max((officer.last_entry for officer in theirs if officer.last_entry is not None), default=None)
            ends.append(RosterEnd(unit, len(theirs), len(lacking), from_date, last))
    return ends
