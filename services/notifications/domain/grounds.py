"""What a notice rests on by the records of now: the facts that its letter states, and whether they still give a reason.

Facts are JSON values. A letter states these and nothing else, so two letters of equal facts are the same letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from services.notifications.domain.rules import NoticeRules
from shared.contracts.discipline import DisciplineRecord
from shared.contracts.score import ScoreRecord

__all__ = [
    "DISCIPLINE_KINDS",
    "Ground",
    "differences",
    "discipline_ground",
    "indicator_ground",
    "reward_ground",
    "step_to_follow",
    "value_of",
]

DISCIPLINE_KINDS = ("discipline_alert", "discipline_information")
_BY_THEMSELVES = (*DISCIPLINE_KINDS, "nudge")
"""Kinds that go out without a person's decision."""


@dataclass(frozen=True, slots=True)
class Ground:
    """`gone` is the code of why there is no reason for the notice any more; None while there is one."""

    facts: dict[str, Any]
    gone: str | None = None


def value_of(score: ScoreRecord, subject: str) -> Decimal | None:
    """What an evaluation finds of the score or of an indicator; None where it cannot be judged."""
    if subject == "score":
        return score.score if score.complete else None
    found = next((item for item in score.indicators if item.name == subject), None)
    return found.value if found is not None and found.state == "assessed" else None


def reward_ground(score: ScoreRecord, rules: NoticeRules) -> Ground:
    """A complete score at or above the limit, enough final days behind it, no unexcused absence in the semester."""
    days = next((item.n for item in score.indicators if item.name == "attendance"), 0)
    facts = {
        "value": _text(score.score),
        "band": score.band,
        "unexcused_days": score.unexcused_days,
        "complete": score.complete,
        "final_days": days,
    }
    gone = None
    if not score.complete or score.score is None:
        gone = "SCORE_NOT_COMPLETE"
    elif score.unexcused_days:
        gone = "UNEXCUSED_ABSENCE"
    elif score.score < rules.reward_score:
        gone = "BELOW_REWARD_THRESHOLD"
    elif days < rules.reward_final_days:
        gone = "TOO_FEW_FINAL_DAYS"
    return Ground(facts, gone)


def indicator_ground(
    kind: Literal["coaching", "nudge"],
    subject: str,
    score: ScoreRecord,
    trend: Sequence[Decimal | None],
    rules: NoticeRules,
) -> Ground:
    """Coaching is offered until the value is above its exit threshold; a nudge is of use only below the entry threshold.

    `trend` holds what the last evaluations found, oldest first.
    """
    limits, value = rules.coaching[subject], value_of(score, subject)
    shown = next((item for item in score.indicators if item.name == subject), None)
    facts = {
        "value": _text(value),
        "target": _text(limits.exit),
        "n": None if shown is None else shown.n,
        "interval": None if shown is None or shown.interval is None else shown.interval.model_dump(mode="json"),
        "trend": [_text(one) for one in trend],
    }
    gone = None
    if value is None:
        gone = "NOT_ASSESSED"
    elif kind == "coaching" and value > limits.exit:
        gone = "ABOVE_EXIT_THRESHOLD"
    elif kind == "nudge" and value >= limits.entry:
        gone = "NOT_BELOW_ENTRY_THRESHOLD"
    return Ground(facts, gone)


def discipline_ground(step: str, record: DisciplineRecord) -> Ground:
    """The unexcused days of a year, as long as they reach the step that was told of (PP 94/2021 art. 9-11)."""
    facts = {
        "year": record.year,
        "step": step,
        "level": record.level,
        "cumulative_days": record.cumulative_days,
        "longest_streak_days": record.longest_streak_days,
        "dates": [day.isoformat() for day in record.unexcused_dates],
    }
    # a record of before the steps were listed says only which one is the heaviest
    reached = record.step is not None and (step in record.steps_reached or not record.steps_reached)
    return Ground(facts, None if reached else "STEP_NO_LONGER_REACHED")


def step_to_follow(
    kind: str, state: str, letter: Mapping[str, Any], present: Mapping[str, Any], gone: str | None
) -> Literal["keep", "rewrite", "withdraw"]:
    """What a change of the records asks of a notice whose letter states `letter`, where `present` holds now.

    What a person has received stays as it was, except what was told of discipline: it must not stand when it is wrong.
    """
    unsent = state == "draft" or state == "released"
    if gone is not None:
        return "withdraw" if unsent or kind in DISCIPLINE_KINDS else "keep"
    if letter != present and (state == "draft" or (state == "released" and kind in _BY_THEMSELVES)):
        return "rewrite"
    return "keep"


def differences(letter: Mapping[str, Any], present: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each fact that the letter states otherwise than it is now."""
    before, now = _flat(letter), _flat(present)
    return [
        {"fact": name, "letter": before.get(name), "present": now.get(name)}
        for name in dict.fromkeys([*before, *now])
        if before.get(name) != now.get(name)
    ]


def _flat(facts: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in facts.items():
        found.update(
            {f"{name}.{part}": one for part, one in value.items()} if isinstance(value, dict) else {name: value}
        )
    return found


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
