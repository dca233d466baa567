"""Answers of several citizens, counted by survey element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.contracts.events.feedback import FeedbackRecord

__all__ = ["Tally", "add_tallies", "answers_of", "tallies_of", "without_few"]


@dataclass(frozen=True, slots=True)
class Tally:
    """`n` answers of 1..4 and their sum."""

    n: int
    sum: int


def answers_of(record: FeedbackRecord) -> dict[str, int]:
    """The answers of a citizen's rating by survey element; none for an assessment."""
    return {str(name): answer for name, answer in (record.ratings or {}).items()}


def tallies_of(forms: Iterable[Mapping[str, int]]) -> dict[str, Tally]:
    """The tally of each element that somebody answered."""
    found: dict[str, Tally] = {}
    for form in forms:
        found = add_tallies(found, {name: Tally(1, answer) for name, answer in form.items()})
    return found


def add_tallies(one: Mapping[str, Tally], other: Mapping[str, Tally]) -> dict[str, Tally]:
    """The sum of both, element by element."""
    nothing = Tally(0, 0)
    pairs = {name: (one.get(name, nothing), other.get(name, nothing)) for name in {**one, **other}}
    return {name: Tally(a.n + b.n, a.sum + b.sum) for name, (a, b) in pairs.items()}


def without_few(tallies: Mapping[str, Tally], minimum: int) -> dict[str, Tally]:
    """Only elements with at least `minimum` answers: a mean of one answer would reveal that citizen's answer."""
    return {name: tally for name, tally in tallies.items() if tally.n >= minimum}
