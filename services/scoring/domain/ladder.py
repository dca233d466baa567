"""The disciplinary ladders: dated data with a decree, one per employment type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.scoring.domain.mapping import PolicyError, Reader

__all__ = ["EMPLOYMENT_TYPES", "DisciplineRules", "Ladder", "LadderStep", "discipline_rules_for",
           "discipline_rules_from_mapping"]  # fmt: skip

EMPLOYMENT_TYPES = ("PNS", "PPPK", "PPPK_PART_TIME")
_LEVELS = ("LIGHT", "MEDIUM", "HEAVY")
_YEAR = 366


@dataclass(frozen=True, slots=True)
class LadderStep:
    """A step of a ladder. `severity` grows from step to step; `cumulative_days` is the first day count that reaches it.

    `consecutive_days`, where set, reaches the step by an unbroken streak alone. `sanction` is the law's wording in
    Indonesian, `interim_sanction` what applies until a pay regulation exists, else None.
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
        """The step that so many working days of one calendar year reach."""
        return max((s for s in self.steps if days >= s.cumulative_days), key=lambda s: s.severity, default=None)

    def consecutive_step(self, days: int) -> LadderStep | None:
        """The step that so many working days in a row reach."""
        steps = (s for s in self.steps if s.consecutive_days is not None and days >= s.consecutive_days)
        return max(steps, key=lambda s: s.severity, default=None)

    def reached_by(self, cumulative: int, longest: int) -> tuple[str, ...]:
        """The codes of all steps that so many days of a year, the longest row of them so long, reach; the lightest first."""
        return tuple(
            step.code
            for step in self.steps
            if cumulative >= step.cumulative_days
            or (step.consecutive_days is not None and longest >= step.consecutive_days)
        )


@dataclass(frozen=True, slots=True)
class DisciplineRules:
    """The ladders in force from a date; None where an employment type has no ladder by day count."""

    id: str
    version: int
    decree: str
    effective_from: date
    ladders: Mapping[str, Ladder | None]

    def ladder_for(self, employment_type: str) -> Ladder | None:
        """The ladder of an employment type, None without one. Raises `KeyError` for an unknown type."""
        return self.ladders[employment_type]


def discipline_rules_from_mapping(document: Mapping[str, object]) -> DisciplineRules:
    """Read rule data; `PolicyError` names the first value that is wrong and says what fits.

    Every employment type must be named: an empty list says on purpose that it has no ladder.
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
    """The rules in force on a day: the latest, of equal dates the highest version. `PolicyError` if there are none."""
    in_force = [item for item in rules if item.effective_from <= day]
    if not in_force:
        raise PolicyError(f"no disciplinary rules are in force on {day.isoformat()}: add some effective by that date")
    return max(in_force, key=lambda item: (item.effective_from, item.version))


def _ladder(reader: Reader, name: str) -> Ladder | None:
    steps = tuple(_step(item, severity) for severity, item in enumerate(reader.sections(name)))
    days = [step.cumulative_days for step in steps]
    if days != sorted(set(days)):
        raise PolicyError(f"{reader.path}.{name}: list the steps by rising cumulative_days, each once")
    if [step.level for step in steps] != sorted((step.level for step in steps), key=_LEVELS.index):
        raise PolicyError(f"{reader.path}.{name}: a heavier level may not stand before a lighter one")
    if len({step.code for step in steps}) != len(steps):
        raise PolicyError(f"{reader.path}.{name}: each code may stand only once")
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
