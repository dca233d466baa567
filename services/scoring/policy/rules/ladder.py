"""The disciplinary ladders: dated data with a decree, one per employment type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Literal

import pydantic.dataclasses
from pydantic import AfterValidator, TypeAdapter

from services.scoring.policy.rules.policy import PolicyError
from shared.base.rule_models import CodeText, Day, RulePart, Text, checked, every, fault, whole

__all__ = ["EMPLOYMENT_TYPES", "DisciplineRules", "Ladder", "LadderStep", "discipline_rules_for",
           "discipline_rules_from_mapping"]  # fmt: skip

EMPLOYMENT_TYPES = ("PNS", "PPPK", "PPPK_PART_TIME")
_LEVELS = ("LIGHT", "MEDIUM", "HEAVY")
_Days = Annotated[int, whole(1, 366)]


@dataclass(frozen=True, slots=True)
class LadderStep:
    """A step of a ladder. `severity` increases from step to step; `cumulative_days` is the lowest day count that reaches it.

    An unbroken streak of `consecutive_days`, if set, reaches the step too. `sanction` is the law's wording in Indonesian;
    `interim_sanction` is the one that applies until a pay regulation exists, or None.
    """

    code: str
    level: str
    severity: int
    cumulative_days: int
    consecutive_days: int | None
    sanction: str
    interim_sanction: str | None


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of one employment type, lightest first."""

    steps: tuple[LadderStep, ...]

    def cumulative_step(self, days: int) -> LadderStep | None:
        """The heaviest step that this number of working days of one calendar year reaches."""
        return max((s for s in self.steps if days >= s.cumulative_days), key=lambda s: s.severity, default=None)

    def consecutive_step(self, days: int) -> LadderStep | None:
        """The heaviest step that this number of consecutive working days reaches."""
        steps = (s for s in self.steps if s.consecutive_days is not None and days >= s.consecutive_days)
        return max(steps, key=lambda s: s.severity, default=None)

    def reached_by(self, cumulative: int, longest: int) -> tuple[str, ...]:
        """The codes of all steps that a year's day count and its longest streak reach, the lightest first."""
        return tuple(
            step.code
            for step in self.steps
            if cumulative >= step.cumulative_days
            or (step.consecutive_days is not None and longest >= step.consecutive_days)
        )


@dataclass(frozen=True, slots=True)
class DisciplineRules:
    """The ladders in force from a date; None for an employment type without a ladder by day count."""

    id: str
    version: int
    decree: str
    effective_from: date
    ladders: Mapping[str, Ladder | None]

    def ladder_for(self, employment_type: str) -> Ladder | None:
        """The ladder of an employment type, None without one. Raises `KeyError` for an unknown type."""
        return self.ladders[employment_type]


@pydantic.dataclasses.dataclass(frozen=True, slots=True)
class _Step(RulePart):
    """A step of the rule file. Its severity is its position."""

    code: CodeText
    level: Literal["LIGHT", "MEDIUM", "HEAVY"]
    cumulative_days: _Days
    sanction: Text
    consecutive_days: _Days | None = None
    interim_sanction: Text | None = None


def _ordered(steps: tuple[_Step, ...]) -> tuple[_Step, ...]:
    days = [step.cumulative_days for step in steps]
    if days != sorted(set(days)):
        raise fault("list the steps in order of cumulative_days, without repetition")
    if [step.level for step in steps] != sorted((step.level for step in steps), key=_LEVELS.index):
        raise fault("a heavier level must not come before a lighter one")
    if len({step.code for step in steps}) != len(steps):
        raise fault("each code may occur only once")
    return steps


_Steps = Annotated[tuple[_Step, ...], AfterValidator(_ordered)]


@pydantic.dataclasses.dataclass(frozen=True, slots=True)
class _RuleFile(RulePart):
    id: Text
    version: Annotated[int, whole(1)]
    decree: Text
    effective_from: Day
    ladders: Annotated[Mapping[str, _Steps], every(*EMPLOYMENT_TYPES)]
    """Every employment type must be present: an empty list states explicitly that it has no ladder."""


_RULES = TypeAdapter(_RuleFile)


def discipline_rules_from_mapping(document: object) -> DisciplineRules:
    """The ladders of a rule file. Raises RuleError."""
    file = checked(_RULES, document, "discipline")
    ladders = {name: _ladder(steps) for name, steps in file.ladders.items()}
    return DisciplineRules(file.id, file.version, file.decree, file.effective_from, ladders)


def _ladder(steps: tuple[_Step, ...]) -> Ladder | None:
    found = tuple(LadderStep(severity=place, **asdict(step)) for place, step in enumerate(steps))
    return Ladder(found) if found else None


def discipline_rules_for(day: date, rules: Iterable[DisciplineRules]) -> DisciplineRules:
    """The rules in force on a day: the latest date, then the highest version. Raises `PolicyError` if there are none."""
    in_force = [item for item in rules if item.effective_from <= day]
    if not in_force:
        raise PolicyError(f"no disciplinary rules are in force on {day.isoformat()}: add some effective by that date")
    return max(in_force, key=lambda item: (item.effective_from, item.version))
