"""Which unit a machine stood in, and when: a day waits for the machines that stood in its officer's unit then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

__all__ = [
    "BEGINNING",
    "Placement",
    "changed_since",
    "move",
    "place_anew",
    "redate",
    "take_back",
    "units_changed_since",
]

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Before it nothing was ever judged."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A machine's time in a unit (None: in none), aware moments; `start` None: since it serves, `end` None: still.

    `direction_from` goes with the place: whether the people there press the keys for in and out.
    """

    org_unit_id: str | None
    direction_from: str
    start: datetime | None = None
    end: datetime | None = None

    def elsewhere(self, org_unit_id: str | None, direction_from: str) -> Placement:
        """The same time at another place; in another unit the machine serves."""
        end = self.end if org_unit_id == self.org_unit_id else None
        return replace(self, org_unit_id=org_unit_id, direction_from=direction_from, end=end)


def move(
    placements: Sequence[Placement], org_unit_id: str | None, direction_from: str, since: datetime
) -> list[Placement]:
    """The placements (oldest first, not empty) of a machine that came to a unit. Raises ValueError."""
    *before, last = placements
    _must_follow(last, since)
    return [*before, replace(last, end=last.end or since), Placement(org_unit_id, direction_from, since)]


def redate(placements: Sequence[Placement], since: datetime) -> list[Placement]:
    """The placements of a machine that came to where it is at another moment than was said. Raises ValueError."""
    *before, last = placements
    if before:
        former = _without_the_move(before[-1], last)
        _must_follow(former, since)
        before[-1] = replace(former, end=former.end or since)
    return [*before, replace(last, start=since)]


def take_back(placements: Sequence[Placement]) -> list[Placement]:
    """The placements of a machine whose last move was none: it stayed where it was. Raises ValueError."""
    *before, last = placements
    if not before:
        raise ValueError("it never moved")
    former = _without_the_move(before[-1], last)
    return [*before[:-1], replace(former, end=former.end or last.end)]


def place_anew(placements: Sequence[Placement], org_unit_id: str | None, direction_from: str) -> list[Placement]:
    """The placements of a machine that always stood in this unit, whatever was said."""
    *_, last = placements
    return [replace(last.elsewhere(org_unit_id, direction_from), start=None)]


def units_changed_since(before: Iterable[Placement], after: Iterable[Placement]) -> dict[str, datetime]:
    """The units whose machines changed, each with the first moment that is not as it was."""
    return {str(unit): since for (unit,), since in _changed(before, after, "org_unit_id").items() if unit is not None}


def changed_since(before: Iterable[Placement], after: Iterable[Placement]) -> datetime | None:
    """The first moment at which the machine stood elsewhere, or gives directions otherwise, than was thought."""
    return min(_changed(before, after, "org_unit_id", "direction_from").values(), default=None)


def _changed(
    before: Iterable[Placement], after: Iterable[Placement], *what: str
) -> dict[tuple[str | None, ...], datetime]:
    """By these fields' values: when the times of the placements that have them first differ."""
    borders: dict[tuple[str | None, ...], set[tuple[str, datetime | None]]] = defaultdict(set)
    for placements in (before, after):
        for each in placements:
            # What both have falls out again.
            borders[tuple(getattr(each, name) for name in what)] ^= {("start", each.start), ("end", each.end)}
    return {place: _first(found) for place, found in borders.items() if found}


def _first(borders: Iterable[tuple[str, datetime | None]]) -> datetime:
    """The earliest: a start without a moment is before all, an end without one is never."""
    return min(moment or BEGINNING for kind, moment in borders if moment is not None or kind == "start")


def _without_the_move(former: Placement, later: Placement) -> Placement:
    """An end that is the later one's start was said of the move alone."""
    return replace(former, end=None) if former.end == later.start else former


def _must_follow(former: Placement, since: datetime) -> None:
    if former.start is not None and since <= former.start:
        raise ValueError(f"it came to where it was before at {former.start.isoformat()}")
    if former.end is not None and since < former.end:
        raise ValueError(f"it was in use where it was before until {former.end.isoformat()}")
