"""Whether a roster must be extended: an officer who works by roster only is off on every date without an entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["RosterEnd", "RosteredOfficer", "roster_ends"]


@dataclass(frozen=True, slots=True)
class RosteredOfficer:
    """An officer who works by roster only on `from_date`, the first date that need not be planned yet.

    `last_entry`: the last date with an entry in the officer's roster, None without one. `on_leave`: leave or duty covers
    `from_date`, so that no shift is expected.
    """

    org_unit_id: str
    from_date: date
    last_entry: date | None
    on_leave: bool = False

    @property
    def lacks_entries(self) -> bool:
        """Whether the roster should have entries from `from_date` on and has none."""
        return not self.on_leave and (self.last_entry is None or self.last_entry < self.from_date)


@dataclass(frozen=True, slots=True)
class RosterEnd:
    """A unit with officers whose roster ends before `from_date`; `last_entry` is the latest of all its officers."""

    org_unit_id: str
    by_roster: int
    without_entry: int
    from_date: date
    last_entry: date | None


def roster_ends(officers: list[RosteredOfficer]) -> list[RosterEnd]:
    """The units whose roster ends soon for at least one of their officers, sorted by unit."""
    ends = []
    for unit in sorted({officer.org_unit_id for officer in officers}):
        theirs = [officer for officer in officers if officer.org_unit_id == unit]
        lacking = [officer for officer in theirs if officer.lacks_entries]
        if lacking:
            last = max((officer.last_entry for officer in theirs if officer.last_entry is not None), default=None)
            ends.append(RosterEnd(unit, len(theirs), len(lacking), min(o.from_date for o in lacking), last))
    return ends
