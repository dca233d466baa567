"""The disciplinary ladders: dated data with a decree, one per employment type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.scoring.policy.rules.mapping import PolicyError, Reader

__all__ = ["EMPLOYMENT_TYPES", "DisciplineRules", "Ladder", "LadderStep", "discipline_rules_for",
           "discipline_rules_from_mapping"]  # fmt: skip

EMPLOYMENT_TYPES = ("PNS", "PPPK", "PPPK_PART_TIME")
_LEVELS = ("LIGHT", "MEDIUM", "HEAVY")
_YEAR = 366


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


def discipline_rules_from_mapping(document: Mapping[str, object]) -> DisciplineRules:
    """Reads rule data; `PolicyError` names the first invalid value and what is expected.

    Every employment type must be present: an empty list states explicitly that it has no ladder.
    """
    top = Reader(document, "discipline")
    top.only({"id", "version", "decree", "effective_from", "ladders"})
    ladders = top.section("ladders")
    ladders.only(frozenset(EMPLOYMENT_TYPES))
    return DisciplineRules(
        id=top.text("id"),
        version=top.integer("version", low=1),
        decree=top.text("decree"),
        effective_from=top.day("effective_from"),
        ladders={name: _ladder(ladders, name) for name in EMPLOYMENT_TYPES},
    )


def discipline_rules_for(day: date, rules: Iterable[DisciplineRules]) -> DisciplineRules:
    """The rules in force on a day: the latest date, then the highest version. Raises `PolicyError` if there are none."""
    in_force = [item for item in rules if item.effective_from <= day]
    if not in_force:
        raise PolicyError(f"no disciplinary rules are in force on {day.isoformat()}: add some effective by that date")
    return max(in_force, key=lambda item: (item.effective_from, item.version))


def _ladder(reader: Reader, name: str) -> Ladder | None:
    steps = tuple(_step(item, severity) for severity, item in enumerate(reader.sections(name)))
    days = [step.cumulative_days for step in steps]
    if days != sorted(set(days)):
        raise PolicyError(f"{reader.path}.{name}: list the steps in order of cumulative_days, without repetition")
    if [step.level for step in steps] != sorted((step.level for step in steps), key=_LEVELS.index):
        raise PolicyError(f"{reader.path}.{name}: a heavier level must not come before a lighter one")
    if len({step.code for step in steps}) != len(steps):
        raise PolicyError(f"{reader.path}.{name}: each code may occur only once")
    return Ladder(steps) if steps else None


def _step(reader: Reader, severity: int) -> LadderStep:
    reader.only({"code", "level", "cumulative_days", "consecutive_days", "sanction", "interim_sanction"})
    return LadderStep(
        code=reader.code("code"),
        level=reader.one_of("level", _LEVELS),
        severity=severity,
        cumulative_days=reader.integer("cumulative_days", low=1, high=_YEAR),
        consecutive_days=(
            reader.integer("consecutive_days", low=1, high=_YEAR) if reader.has("consecutive_days") else None
        ),
        sanction=reader.text("sanction"),
        interim_sanction=reader.text("interim_sanction") if reader.has("interim_sanction") else None,
    )
