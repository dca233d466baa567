"""Which unit a machine stood in, and when: a day waits for the machines that stood in its officer's unit then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

__all__ = ["BEGINNING", "Placement", "changed_since", "move", "place_anew", "redate", "units_changed_since"]

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
        """The same time at another place."""
        return replace(self, org_unit_id=org_unit_id, direction_from=direction_from)


def move(
    placements: Sequence[Placement], org_unit_id: str | None, direction_from: str, since: datetime
) -> list[Placement]:
    """The placements (oldest first, not empty) of a machine that came to a unit. Raises ValueError.

    At the moment at which it came to its present one: that it came to this one instead.
    """
    *before, last = placements
    if since == last.start:
        return _joined([*before, last.elsewhere(org_unit_id, direction_from)])
    _must_follow(last, since)
    return [*before, replace(last, end=last.end or since), Placement(org_unit_id, direction_from, since)]


def redate(placements: Sequence[Placement], since: datetime) -> list[Placement]:
    """The placements of a machine that came to where it is at another moment than was said. Raises ValueError."""
    *before, last = placements
    if before:
        former = before[-1]
        if former.end == last.start:
            former = replace(former, end=None)  # it was said of the move alone
        _must_follow(former, since)
        before[-1] = replace(former, end=former.end or since)
    return [*before, replace(last, start=since)]


def place_anew(placements: Sequence[Placement], org_unit_id: str | None, direction_from: str) -> list[Placement]:
    """The placements of a machine that always stood in this unit, whatever was said; an end of its service stays."""
    return [Placement(org_unit_id, direction_from, None, placements[-1].end if placements else None)]


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


def _joined(placements: Sequence[Placement]) -> list[Placement]:
    """One placement for two of the same place without a time between."""
    *before, last = placements
    if before and before[-1].end == last.start:
        longer = replace(before[-1], end=last.end)
        if longer == replace(last, start=longer.start):
            return [*before[:-1], longer]
    return list(placements)


def _must_follow(former: Placement, since: datetime) -> None:
    if former.start is not None and since <= former.start:
        raise ValueError(f"it came to its former unit at {former.start.isoformat()}")
    if former.end is not None and since < former.end:
        raise ValueError(f"it was in use in its former unit until {former.end.isoformat()}")
