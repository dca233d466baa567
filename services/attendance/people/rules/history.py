"""Values of an officer that change on dates (unit, employment type), stored as steps: from this date on, this value.

A step is a fact that somebody stated. Two consecutive steps may have the same value: it is confirmed for both dates.
Before the first step its value applies too, because an officer always has a unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypeVar

__all__ = [
    "Span",
    "Step",
    "Steps",
    "changed_employment",
    "changed_span",
    "employment",
    "present_since",
    "restated",
    "value_on",
    "with_step",
    "without_step",
]

T = TypeVar("T")
Step = tuple[date, T]
"""The date from which the value is valid, and the value."""
Steps = Sequence[Step[T]]
"""Oldest first, one per date, at least one."""


def value_on(steps: Steps[T], day: date) -> T:
    """The value on a date."""
    value = steps[0][1]
    for since, later in steps:
        if since > day:
            break
        value = later
    return value


def with_step(steps: Steps[T], since: date, value: T) -> list[Step[T]]:
    """The steps with this one added. It replaces a step of the same date and is valid until the next one."""
    return sorted([*(step for step in steps if step[0] != since), (since, value)], key=lambda step: step[0])


def without_step(steps: Steps[T], since: date) -> list[Step[T]]:
    """The steps without the one of this date. Raises KeyError if there is none, ValueError if it is the only one."""
    left = [step for step in steps if step[0] != since]
    if len(left) == len(steps):
        raise KeyError(since)
    if not left:
        raise ValueError("the only step")
    return left


def restated(steps: Steps[T], value: T, since: date | None, today: date) -> list[Step[T]]:
    """The steps after an import that states the current value and its start (`since` None: no start in the import).

    Without a start, a different value is valid from today. With one, the current value began exactly then: steps between
    that date and today are replaced. Steps for future dates stay.
    """
    if since is None:
        return list(steps) if value_on(steps, today) == value else with_step(steps, today, value)
    earlier = [step for step in steps if step[0] < since]
    while earlier and earlier[-1][1] == value:
        earlier.pop()
    planned = [step for step in steps if step[0] > max(since, today)]
    return [*earlier, (since, value), *planned]


def present_since(steps: Steps[T], today: date) -> date:
    """The date from which today's value is valid without interruption."""
    since = steps[0][0]
    for earlier, later in pairwise(steps):
        if later[0] > today:
            break
        if later[1] != earlier[1]:
            since = later[0]
    return since


@dataclass(frozen=True, slots=True)
class Span:
    """Dates, both included; `date.min` and `date.max` are open ends."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def employment(active_from: date, active_to: date | None) -> Span:
    """The dates of employment; without `active_to` they have no end."""
    return Span(active_from, active_to or date.max)


def changed_span(before: Steps[T], after: Steps[T]) -> Span | None:
    """The dates from the first to the last on which the value differs; None when it is the same on every date."""
    begins = sorted({date.min, *(since for since, _ in (*before, *after))})
    ends = [date.fromordinal(begin.toordinal() - 1) for begin in begins[1:]] + [date.max]
    changed = [
        (begin, end)
        for begin, end in zip(begins, ends, strict=True)
        if value_on(before, begin) != value_on(after, begin)
    ]
    return Span(changed[0][0], changed[-1][1]) if changed else None


def changed_employment(before: Span, after: Span) -> list[Span]:
    """The dates on which the officer is employed in one of the two spans only, with the border dates."""
    borders = (sorted((before.first, after.first)), sorted((before.last, after.last)))
    return [Span(begin, end) for begin, end in borders if begin != end]
