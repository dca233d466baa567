"""Derives arrival and departure from punches: first in, last out, unless a machine's direction is trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.attendance.punches.rules.punch import Direction, Punch

__all__ = ["Attendance", "Tap", "attendance_of", "merge_taps"]


@dataclass(frozen=True, slots=True)
class Tap:
    """Punches so close together that they count as one. The first gives the arrival time, the last the departure time.

    `direction` is a trusted direction; UNKNOWN when no machine is trusted or trusted ones disagree.
    """

    first: datetime
    last: datetime
    direction: Direction


@dataclass(frozen=True, slots=True)
class Attendance:
    """The arrival and the departure that the taps of a shift prove; None when not proven."""

    arrival: datetime | None = None
    departure: datetime | None = None


def merge_taps(punches: Iterable[Punch], merge_seconds: int) -> list[Tap]:
    """Merges consecutive punches that are at most `merge_seconds` apart, in time order.

    The distance is measured to the previous punch, so that one more punch can only merge taps, never split them.
    """
    gap = timedelta(seconds=merge_seconds)
    groups: list[list[Punch]] = []
    for punch in sorted(punches, key=lambda each: each.at):
        if groups and punch.at - groups[-1][-1].at <= gap:
            groups[-1].append(punch)
        else:
            groups.append([punch])
    return [Tap(group[0].at, group[-1].at, _trusted_direction(group)) for group in groups]


def _trusted_direction(group: Sequence[Punch]) -> Direction:
    directions = {punch.direction for punch in group if punch.trusted and punch.direction is not Direction.UNKNOWN}
    return directions.pop() if len(directions) == 1 else Direction.UNKNOWN


def attendance_of(taps: Sequence[Tap], start: datetime, end: datetime) -> Attendance:
    """Finds the arrival and the departure of a shift (or part of one) from `start` to `end`.

    An arrival is before the end, a departure after the start. A single tap without a trusted direction is an arrival when
    it is before the middle, otherwise a departure. A departure before the arrival proves neither.
    """
    arrivals = [tap for tap in taps if tap.direction is not Direction.OUT and tap.first < end]
    departures = [tap for tap in taps if tap.direction is not Direction.IN and tap.last > start]
    arrival = arrivals[0] if arrivals else None
    departure = departures[-1] if departures else None
    if arrival is not None and arrival is departure:
        if arrival.first < start + (end - start) / 2:
            return Attendance(arrival=arrival.first)
        return Attendance(departure=arrival.last)
    if arrival is not None and departure is not None and departure.last < arrival.first:
        return Attendance()
    return Attendance(arrival.first if arrival else None, departure.last if departure else None)
