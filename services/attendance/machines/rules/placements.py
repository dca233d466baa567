"""Which unit a machine was in, and when: an officer's day waits for the machines of the officer's unit at that time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from shared.errors.errors import ConflictError, InvalidError

__all__ = [
    "BEGINNING",
    "Placement",
    "PlacementRequest",
    "Since",
    "changed_since",
    "move",
    "place",
    "place_anew",
    "redate",
    "take_back",
    "units_changed_since",
]

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""No day before it is ever computed."""


Since = datetime | Literal["always"] | None
"""Since when a machine is in its unit: a moment, always, or not specified (None)."""


@dataclass(frozen=True, slots=True)
class PlacementRequest:
    """An operator's request about a machine's place. `ends`: when it was taken out of service; None: in service."""

    org_unit_id: str | None
    direction_from: str
    since: Since = None
    ends: datetime | Literal["unchanged"] | None = "unchanged"


@dataclass(frozen=True, slots=True)
class Placement:
    """A machine's time in a unit (`org_unit_id` None: no unit), timezone-aware.

    `start` None: since the machine is in service; `end` None: ongoing. `direction_from` belongs to the
    place: whether the people there press the in and out keys.
    """

    org_unit_id: str | None
    direction_from: str
    start: datetime | None = None
    end: datetime | None = None

    def elsewhere(self, org_unit_id: str | None, direction_from: str) -> Placement:
        """The same time at another place. In another unit the machine is in service again."""
        end = self.end if org_unit_id == self.org_unit_id else None
        return replace(self, org_unit_id=org_unit_id, direction_from=direction_from, end=end)


def place(before: Sequence[Placement], request: PlacementRequest, *, has_data: bool, now: datetime) -> list[Placement]:
    """The placements after an operator's request.

    Raises ConflictError when a machine that has sent data changes its unit without a time, since days depend on its
    place. Raises InvalidError for an impossible time.
    """
    *past, present = _placed(before, request, has_data=has_data, now=now)
    if request.ends != "unchanged":
        present = replace(present, end=request.ends)
    if present.start is not None and present.end is not None and present.end <= present.start:
        raise InvalidError(
            "`in_service_to` is the end of the machine's service in this unit and must be after `in_unit_from`. To set the end"
            " in its former unit, send a separate request before the move."
        )
    return [*past, present]


def _placed(
    before: Sequence[Placement], request: PlacementRequest, *, has_data: bool, now: datetime
) -> list[Placement]:
    unit, direction, since = request.org_unit_id, request.direction_from, request.since
    if isinstance(since, datetime) and since > now:
        raise InvalidError("`in_unit_from` is in the future. Send the request after the machine has moved.")
    if not before:
        return [Placement(unit, direction, since if isinstance(since, datetime) else None)]
    if since == "always":
        return place_anew(before, unit, direction)
    *past, last = before
    here = [*past, last.elsewhere(unit, direction)]
    same = unit == last.org_unit_id
    if since is None:
        if has_data and not same:
            raise ConflictError(
                "The machine has already sent data, and days may depend on its place. Set `in_unit_from`: the time since"
                ' which it is in this unit, or "always".'
            )
        return here
    # A machine that was taken out of service and returns to the same unit: this is a move too.
    returns = same and last.end is not None and since >= last.end
    try:
        return redate(here, since) if same and not returns else move(before, unit, direction, since)
    except ValueError as error:
        raise InvalidError(
            f"`in_unit_from` is too early: {error}. Use a later time, or undo its last move first."
        ) from error


def move(
    placements: Sequence[Placement], org_unit_id: str | None, direction_from: str, since: datetime
) -> list[Placement]:
    """The placements (oldest first, not empty) after the machine moved to a unit. Raises ValueError."""
    *before, last = placements
    _must_follow(last, since)
    return [*before, replace(last, end=last.end or since), Placement(org_unit_id, direction_from, since)]


def redate(placements: Sequence[Placement], since: datetime) -> list[Placement]:
    """The placements after correcting the time of the last move. Raises ValueError."""
    *before, last = placements
    if before:
        former = _without_the_move(before[-1], last)
        _must_follow(former, since)
        before[-1] = replace(former, end=former.end or since)
    return [*before, replace(last, start=since)]


def take_back(placements: Sequence[Placement]) -> list[Placement]:
    """The placements without the most recent move: the machine stayed where it was. Raises ValueError."""
    *before, last = placements
    if not before:
        raise ValueError("the machine never moved")
    former = _without_the_move(before[-1], last)
    return [*before[:-1], replace(former, end=former.end or last.end)]


def place_anew(placements: Sequence[Placement], org_unit_id: str | None, direction_from: str) -> list[Placement]:
    """The placements of a machine that was always in this unit; replaces all earlier placements."""
    *_, last = placements
    return [replace(last.elsewhere(org_unit_id, direction_from), start=None)]


def units_changed_since(before: Iterable[Placement], after: Iterable[Placement]) -> dict[str, datetime]:
    """The units whose placements changed, each with the first moment that differs."""
    return {str(unit): since for (unit,), since in _changed(before, after, "org_unit_id").items() if unit is not None}


def changed_since(before: Iterable[Placement], after: Iterable[Placement]) -> datetime | None:
    """The first moment at which the machine's unit or its source of directions differs; None when nothing differs."""
    return min(_changed(before, after, "org_unit_id", "direction_from").values(), default=None)


def _changed(
    before: Iterable[Placement], after: Iterable[Placement], *what: str
) -> dict[tuple[str | None, ...], datetime]:
    """For each combination of these fields: the first moment at which its placements differ."""
    borders: dict[tuple[str | None, ...], set[tuple[str, datetime | None]]] = defaultdict(set)
    for placements in (before, after):
        for each in placements:
            # Borders that both sides have cancel out.
            borders[tuple(getattr(each, name) for name in what)] ^= {("start", each.start), ("end", each.end)}
    return {place: _first(found) for place, found in borders.items() if found}


def _first(borders: Iterable[tuple[str, datetime | None]]) -> datetime:
    """The earliest border: a start without a moment is the beginning, an end without a moment does not count."""
    return min(moment or BEGINNING for kind, moment in borders if moment is not None or kind == "start")


def _without_the_move(former: Placement, later: Placement) -> Placement:
    """Removes an end that equals the later start: only the move set it."""
    return replace(former, end=None) if former.end == later.start else former


def _must_follow(former: Placement, since: datetime) -> None:
    if former.start is not None and since <= former.start:
        raise ValueError(f"the machine came to its previous unit at {former.start.isoformat()}")
    if former.end is not None and since < former.end:
        raise ValueError(f"the machine was in service in its previous unit until {former.end.isoformat()}")
