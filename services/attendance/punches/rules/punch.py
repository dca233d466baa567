"""A punch as evidence of a day. All instants are timezone-aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Direction", "Punch", "direction_of"]


class Direction(StrEnum):
    """The direction of a punch as the machine reports it."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


_DIRECTIONS = {0: Direction.IN, 1: Direction.OUT, 4: Direction.IN, 5: Direction.OUT}  # 4 and 5: overtime


def direction_of(status: int) -> Direction:
    """The direction of the key that was pressed at the machine, by its number in the machines' protocol."""
    return _DIRECTIONS.get(status, Direction.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Punch:
    """One punch of one person. `trusted`: the direction comes from the machine and is reliable (for example an in-only gate).

    `counted` is False when the punch time is not trusted. `own_site`: whether the machine is at the officer's own site.
    """

    at: datetime
    machine: str
    direction: Direction = Direction.UNKNOWN
    trusted: bool = False
    counted: bool = True
    own_site: bool = True
