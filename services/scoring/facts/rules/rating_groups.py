"""Citizens' ratings in the form that may be shown: in groups, never one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import get_args
from uuid import UUID

from services.scoring.totals.rules.rounding import half_up
from shared.contracts.events.feedback import GROUP_FLOOR, Unsur

__all__ = ["Rating", "ShownGroup", "rating_groups"]


@dataclass(frozen=True, slots=True)
class Rating:
    """A citizen's rating as scoring stores it; `group_id` is None if its producer publishes no groups."""

    group_id: UUID | None
    given_on: date
    counted: bool
    answers: Mapping[Unsur, int]


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """`means` (1..4, 2 places) omit an element that not everybody answered: its mean would reveal fewer people than the group.

    In a large group it is enough that the policy's minimum of people answered the element.
    """

    given_on: date
    n: int
    means: Mapping[str, Decimal]
    counted: bool


def rating_groups(ratings: Iterable[Rating], minimum: int) -> tuple[list[ShownGroup], int]:
    """(groups that may be shown, ordered by date; number of ratings in no such group).

    Nothing is shown below the policy's `minimum` of counted ratings. Ratings without a group, and those of groups smaller
    than GROUP_FLOOR, are shown together as one group if they are at least GROUP_FLOOR.
    """
    every = list(ratings)
    if sum(rating.counted for rating in every) < minimum:
        return [], len(every)
    members: dict[tuple[UUID | None, bool], list[Rating]] = {}
    for rating in every:
        members.setdefault((rating.group_id, rating.counted), []).append(rating)
    shown = [group for key, group in members.items() if key[0] is not None and len(group) >= GROUP_FLOOR]
    alone = [r for key, group in members.items() if key[0] is None or len(group) < GROUP_FLOOR for r in group]
    withheld = 0
    for counted in (True, False):
        rest = [rating for rating in alone if rating.counted is counted]
        if len(rest) >= GROUP_FLOOR:
            shown.append(rest)
        else:
            withheld += len(rest)
    groups = [_shown(group, minimum) for group in shown]
    return sorted(groups, key=lambda g: (g.given_on, g.n, sorted(g.means.items()))), withheld


def _shown(group: list[Rating], minimum: int) -> ShownGroup:
    answers: dict[str, list[int]] = {}
    for rating in group:
        for name, answer in rating.answers.items():
            answers.setdefault(name, []).append(answer)
    means = {
        name: half_up(Fraction(sum(answers[name]), len(answers[name])), 2)
        for name in get_args(Unsur)
        if len(answers.get(name, ())) >= min(len(group), minimum)
    }
    return ShownGroup(max(rating.given_on for rating in group), len(group), means, group[0].counted)
