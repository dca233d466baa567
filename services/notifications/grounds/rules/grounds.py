"""The ground of a notice, computed from the current records: the facts that its letter states, and whether they justify it.

Facts are JSON values. A letter states only these facts, so letters with equal facts are equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from services.notifications.grounds.rules.rule_set import NoticeRules
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.events.notice import NoticeKind
from shared.contracts.events.score import ScoreRecord

__all__ = [
    "DISCIPLINE_KINDS",
    "Ground",
    "differences",
    "discipline_ground",
    "indicator_ground",
    "reward_ground",
    "value_of",
]

DISCIPLINE_KINDS: Final[tuple[NoticeKind, ...]] = ("discipline_alert", "discipline_information")


@dataclass(frozen=True, slots=True)
class Ground:
    """`gone` is the code of why the notice is no longer justified; None while it is."""

    facts: dict[str, Any]
    gone: str | None = None


def value_of(score: ScoreRecord, subject: str) -> Decimal | None:
    """The value of the score or of an indicator for an evaluation; None if it cannot be assessed."""
    if subject == "score":
        return score.score if score.complete else None
    found = next((item for item in score.indicators if item.name == subject), None)
    return found.value if found is not None and found.state == "assessed" else None


def reward_ground(score: ScoreRecord, rules: NoticeRules) -> Ground:
    """Requires a complete score at or above the limit, enough final days, and no unexcused absence in the semester."""
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
    elif score.score < rules.reward.score:
        gone = "BELOW_REWARD_THRESHOLD"
    elif days < rules.reward.final_days:
        gone = "TOO_FEW_FINAL_DAYS"
    return Ground(facts, gone)


def indicator_ground(
    kind: Literal["coaching", "nudge"],
    subject: str,
    score: ScoreRecord,
    trend: Sequence[tuple[date, Decimal | None]],
    rules: NoticeRules,
) -> Ground:
    """Coaching is justified until the value is above its exit threshold; a nudge only below the entry threshold.

    `trend` contains the dates and values of the last evaluations, oldest first.
    """
    limits, value = rules.coaching[subject], value_of(score, subject)
    shown = next((item for item in score.indicators if item.name == subject), None)
    facts = {
        "value": _text(value),
        "target": _text(limits.exit),
        "n": None if shown is None else shown.n,
        "interval": None if shown is None or shown.interval is None else shown.interval.model_dump(mode="json"),
        "trend": [{"on": day.isoformat(), "value": _text(one)} for day, one in trend],
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
    """The unexcused days of a year, while they reach the step of the notice (PP 94/2021 art. 9-11)."""
    facts = {
        "year": record.year,
        "step": step,
        "level": record.level,
        "cumulative_days": record.cumulative_days,
        "longest_streak_days": record.longest_streak_days,
        "dates": [day.isoformat() for day in record.unexcused_dates],
    }
    # older records have no list of steps, only the heaviest one
    reached = record.step is not None and (step in record.steps_reached or not record.steps_reached)
    return Ground(facts, None if reached else "STEP_NO_LONGER_REACHED")


def differences(letter: Mapping[str, Any], present: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each fact whose value in the letter differs from the current value."""
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
