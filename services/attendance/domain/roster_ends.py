"""Whether somebody has to write a roster: an officer who works by roster only, without an entry, is off every day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["RosterEnd", "RosteredOfficer", "roster_ends"]


@dataclass(frozen=True, slots=True)
class RosteredOfficer:
    """An officer who works by roster only on `from_date`, the first date that nobody has to have planned yet.

    `last_entry`: the last date with an entry of the officer's roster, None without one. `on_leave`: whether leave or
    duty covers `from_date`, so that no shift is expected.
    """

    org_unit_id: str
    from_date: date
    last_entry: date | None
    on_leave: bool = False

    @property
    def lacks_entries(self) -> bool:
        """Whether the roster says nothing of `from_date` and later, and ought to."""
        return not self.on_leave and (self.last_entry is None or self.last_entry < self.from_date)


@dataclass(frozen=True, slots=True)
class RosterEnd:
    """A unit with officers whose roster ends before `from_date`; `last_entry` is the last of any of its officers."""

    org_unit_id: str
    by_roster: int
    without_entry: int
    from_date: date
    last_entry: date | None


def roster_ends(officers: list[RosteredOfficer]) -> list[RosterEnd]:
    """The units whose roster ends soon for some of their officers or all, by name."""
    ends = []
    for unit in sorted({officer.org_unit_id for officer in officers}):
        theirs = [officer for officer in officers if officer.org_unit_id == unit]
        lacking = [officer for officer in theirs if officer.lacks_entries]
        if lacking:
            last = max((officer.last_entry for officer in theirs if officer.last_entry is not None), default=None)
            ends.append(RosterEnd(unit, len(theirs), len(lacking), min(o.from_date for o in lacking), last))
    return ends
