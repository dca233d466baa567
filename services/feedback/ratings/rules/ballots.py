"""Ballots that wait for a group: the content of a ballot box, and how it changes.

A ballot is a citizen's rating without the visit: its local date and its answers. A box belongs to one target (an officer
or a unit, and a weight class). Nothing preserves the order of arrival: ballots are sorted by their own values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.feedback.ratings.rules.intake import IntakeRules
from shared.contracts.semester import Semester

__all__ = [
    "Ballot",
    "Batch",
    "Cause",
    "Content",
    "accept",
    "cast",
    "dismiss",
    "forget_minutes",
    "full_semesters",
    "minute_of",
    "put_back",
    "semesters_before",
    "take_full",
    "take_semesters",
]

Cause = Literal["HONEYPOT", "BURST"]


@dataclass(frozen=True, slots=True)
class Ballot:
    """`published_before`: it was in a group that was withdrawn because of another rating."""

    day: date
    ratings: Mapping[str, int]
    published_before: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Ballots of one day that one rule quarantined: a person accepts or dismisses them together."""

    batch_id: UUID
    cause: Cause
    day: date
    ballots: tuple[Ballot, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a box. `minutes`: minute (since 1970) → number of votes, for the burst rule only."""

    waiting: tuple[Ballot, ...] = ()
    quarantined: tuple[Batch, ...] = ()
    minutes: Mapping[int, int] = field(default_factory=dict)


def cast(
    content: Content, ballot: Ballot, rules: IntakeRules, *, minute: int | None, suspicious: bool, batch_id: UUID
) -> Content:
    """Adds one vote to the box. `minute` is None where the burst rule does not apply; `batch_id` is for a new batch."""
    minutes = dict(content.minutes)
    cause: Cause | None = "HONEYPOT" if suspicious else None
    if minute is not None:
        minutes = dict(forget_minutes(content.minutes, minute, rules.burst.minutes))
        if cause is None and sum(minutes.values()) >= rules.burst.ratings:
            cause = "BURST"
        minutes[minute] = minutes.get(minute, 0) + 1
    content = replace(content, minutes=minutes)
    if cause is None:
        return replace(content, waiting=_sorted((*content.waiting, ballot)))
    return replace(content, quarantined=_set_aside(content.quarantined, ballot, cause, batch_id))


def forget_minutes(minutes: Mapping[int, int], minute: int, span: int) -> Mapping[int, int]:
    """Returns only the minutes that the burst rule still needs at `minute`."""
    return {at: count for at, count in minutes.items() if at > minute - span}


def minute_of(moment: datetime) -> int:
    """Whole minutes since 1970."""
    return int(moment.timestamp()) // 60


def full_semesters(content: Content, minimum: int) -> list[Semester]:
    """The semesters with enough ballots for a group.

    Counts only ballots that were never published. The answers of a withdrawn group are public: published together with
    fewer than `minimum` new ballots, they would reveal the new ones as a smaller group.
    """
    fresh: dict[Semester, int] = {}
    for ballot in content.waiting:
        if not ballot.published_before:
            semester = Semester.of(ballot.day)
            fresh[semester] = fresh.get(semester, 0) + 1
    return sorted(semester for semester, count in fresh.items() if count >= minimum)


def take_full(content: Content, minimum: int) -> tuple[list[tuple[Ballot, ...]], Content]:
    """Takes out the groups that can be published, each with all ballots of its semester; returns them and the rest."""
    groups = []
    for semester in full_semesters(content, minimum):
        group, content = take_semesters(content, [semester])
        groups.append(group)
    return groups, content


def semesters_before(content: Content, present: Semester) -> list[Semester]:
    """The past semesters that still have waiting ballots."""
    return sorted({Semester.of(ballot.day) for ballot in content.waiting if Semester.of(ballot.day) < present})


def take_semesters(content: Content, semesters: Iterable[Semester]) -> tuple[tuple[Ballot, ...], Content]:
    """Takes out all waiting ballots of these semesters; returns them and the rest."""
    wanted = set(semesters)
    taken = tuple(ballot for ballot in content.waiting if Semester.of(ballot.day) in wanted)
    kept = tuple(ballot for ballot in content.waiting if Semester.of(ballot.day) not in wanted)
    return taken, replace(content, waiting=kept)


def put_back(content: Content, ballots: Iterable[Ballot]) -> Content:
    """Adds these ballots to the waiting ones."""
    return replace(content, waiting=_sorted((*content.waiting, *ballots)))


def accept(content: Content, batch_id: UUID) -> tuple[Batch | None, Content]:
    """Moves a quarantined batch's ballots to the waiting ones; returns the batch, None if the box does not contain it."""
    batch, content = dismiss(content, batch_id)
    return batch, content if batch is None else put_back(content, batch.ballots)


def dismiss(content: Content, batch_id: UUID) -> tuple[Batch | None, Content]:
    """Removes a quarantined batch and its ballots; returns the batch, None if the box does not contain it."""
    batch = next((batch for batch in content.quarantined if batch.batch_id == batch_id), None)
    return batch, replace(content, quarantined=tuple(other for other in content.quarantined if other is not batch))


def _set_aside(batches: tuple[Batch, ...], ballot: Ballot, cause: Cause, batch_id: UUID) -> tuple[Batch, ...]:
    for batch in batches:
        if (batch.cause, batch.day) == (cause, ballot.day):
            grown = replace(batch, ballots=_sorted((*batch.ballots, ballot)))
            return tuple(grown if other is batch else other for other in batches)
    return tuple(sorted((*batches, Batch(batch_id, cause, ballot.day, (ballot,))), key=lambda b: (b.day, b.cause)))


def _sorted(ballots: Iterable[Ballot]) -> tuple[Ballot, ...]:
    return tuple(sorted(ballots, key=lambda b: (b.day, b.published_before, sorted(b.ratings.items()))))
