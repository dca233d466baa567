"""Which unit a machine stood in, and when: a day waits for the machines that stood in its officer's unit then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

__all__ = ["Placement", "changed_since", "move", "place_anew", "redate"]


@dataclass(frozen=True, slots=True)
class Placement:
    """A machine's time in a unit (None: in none), aware moments; `start` None: since it serves, `end` None: still."""

    org_unit_id: str | None
    start: datetime | None = None
    end: datetime | None = None


def move(placements: Sequence[Placement], org_unit_id: str | None, since: datetime) -> list[Placement]:
    """The placements (oldest first, not empty) of a machine that came to a unit. Raises ValueError.

    What it left keeps it up to then, or up to the end of its service there.
    """
    *before, last = placements
    _must_follow(last, since)
    return [*before, _until(last, since), Placement(org_unit_id, since)]


def redate(placements: Sequence[Placement], since: datetime) -> list[Placement]:
    """The placements of a machine that came to where it is at another moment than was said. Raises ValueError."""
    *before, last = placements
    if before:
        former = before[-1]
        _must_follow(former, since)
        adjoining = former.end is None or former.end == last.start
        before[-1] = replace(former, end=since) if adjoining else _until(former, since)
    return [*before, replace(last, start=since)]


def place_anew(placements: Sequence[Placement], org_unit_id: str | None) -> list[Placement]:
    """The placements of a machine that always stood in this unit, whatever was said; an end of its service stays."""
    return [Placement(org_unit_id, None, placements[-1].end if placements else None)]


def changed_since(before: Iterable[Placement], after: Iterable[Placement]) -> dict[str, datetime | None]:
    """The units whose machines changed, each with the first moment that is not as it was (None: from the beginning)."""
    borders: dict[str, set[tuple[str, datetime | None]]] = defaultdict(set)
    for placements in (set(before), set(after)):
        for each in placements:
            if each.org_unit_id is not None:
                # What both have falls out again.
                borders[each.org_unit_id] ^= {("start", each.start), ("end", each.end)}
    changed: dict[str, datetime | None] = {}
    for unit, moments in borders.items():
        if ("start", None) in moments:
            changed[unit] = None
        elif moments:
            changed[unit] = min(moment for _, moment in moments if moment is not None)
    return changed


def _until(placement: Placement, since: datetime) -> Placement:
    return replace(placement, end=since if placement.end is None else min(placement.end, since))


def _must_follow(former: Placement, since: datetime) -> None:
    if former.start is not None and since <= former.start:
        raise ValueError(f"it came to its former unit at {former.start.isoformat()}")
