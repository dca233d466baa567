"""Which of several dated values applies on a date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol, TypeVar

__all__ = ["Dated", "latest_on", "valid_on"]


class Dated(Protocol):
    """A value between two dates, both included; `valid_to` None is open-ended."""

    @property
    def valid_from(self) -> date: ...

    @property
    def valid_to(self) -> date | None: ...


D = TypeVar("D", bound=Dated)


def valid_on(day: date, values: Iterable[D]) -> list[D]:
    """The values that are valid on the date, in their order."""
    return [each for each in values if each.valid_from <= day and (each.valid_to is None or day <= each.valid_to)]


def latest_on(day: date, values: Iterable[D]) -> D | None:
    """Of the values valid on the date, the one that starts last; of equal ones, the first. None if there is none."""
    return max(valid_on(day, values), key=lambda each: each.valid_from, default=None)
