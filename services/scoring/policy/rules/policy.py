"""The scoring policy: dated parameters with the decree that put them into force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Protocol, Self

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from shared.base.rule_models import CodeText, Day, Flag, RulePart, Text, checked, every, exact, fault, whole

__all__ = [
    "INDICATORS",
    "Band",
    "PartWeights",
    "Parts",
    "PolicyError",
    "ScorePolicy",
    "Shrinkage",
    "policy_for",
    "policy_from_mapping",
    "policy_to_mapping",
    "with_unit_priors",
]

INDICATORS = ("attendance", "work_quality", "public_communication")

# weights and priors: exact in ten-thousandths, so that the fast path stays in integers
_Weight = Annotated[Decimal, exact(0, 1, places=4)]
_Rating = Annotated[Decimal, exact(1, 4, places=4)]


def _unit_id(key: object) -> str:
    """A unit's id, quoted when YAML reads it as a number or a truth value: 007 and 7 are two units."""
    if not isinstance(key, str):
        raise fault(f"must be the id of a unit in quotes, not {key!r}")
    return key


_UnitId = Annotated[str, BeforeValidator(_unit_id)]
_NONE_IS_EMPTY = BeforeValidator(lambda priors: {} if priors is None else priors)


def _sum_to_one(weights: Iterable[Decimal]) -> None:
    total = sum(weights, Decimal(0))
    if total != 1:
        raise fault(f"the weights must sum to exactly 1, not {total}")


def _all_used(weights: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    if any(weight == 0 for weight in weights.values()):
        raise fault("each weight must be above 0")
    _sum_to_one(weights.values())
    return weights


class PolicyError(ValueError):
    """No rules are in force."""


@dataclass(frozen=True, slots=True)
class Band(RulePart):
    """A named range of scores: from `lower` (inclusive) up to the next band."""

    code: CodeText
    lower: Annotated[Decimal, exact(0, 100, places=2)]


def _cover_all_scores(bands: tuple[Band, ...]) -> tuple[Band, ...]:
    lowers = [band.lower for band in bands]
    if lowers != sorted(set(lowers), reverse=True):
        raise fault("list the bands from the highest lower bound down, without repetition")
    if not bands or lowers[-1] != 0:
        raise fault("the last band must start at 0, so that every score has a band")
    if len({band.code for band in bands}) != len(bands):
        raise fault("each code may occur only once")
    return bands


@dataclass(frozen=True, slots=True)
class PartWeights(RulePart):
    """An indicator's weights of supervisors and citizens; exact, and their sum is 1."""

    supervisors: _Weight
    citizens: _Weight

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _sum_to_one((self.supervisors, self.citizens))
        return self


@dataclass(frozen=True, slots=True)
class Parts(RulePart):
    """The weights inside the two indicators that consist of two parts."""

    work_quality: PartWeights
    public_communication: PartWeights


@dataclass(frozen=True, slots=True)
class Shrinkage(RulePart):
    """So many ratings of the prior mean are added. `unit_priors`: the units' own means, fixed when the semester opens."""

    prior_strength: Annotated[int, whole(0, 10_000)]
    prior: _Rating
    unit_priors: Annotated[Mapping[_UnitId, _Rating], _NONE_IS_EMPTY] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScorePolicy(RulePart):
    """All parameters of the score. Weights are exact fractions of 1, ratings 1..4, scores 0..100.

    With `parts_required` "any" one assessed part is enough for an indicator; "all" requires both. `reweight_missing`
    distributes the weight of an indicator without data over the others, if the assessed ones have a total weight of at
    least `minimum_assessed_weight`.
    """

    id: Text
    version: Annotated[int, whole(1)]
    decree: Text
    effective_from: Day
    weights: Annotated[Mapping[str, _Weight], every(*INDICATORS), AfterValidator(_all_used)]
    parts: Parts
    parts_required: Literal["any", "all"]
    shrinkage: Shrinkage
    minimum_ratings: Annotated[int, whole(1, 10_000)]
    counter_weight: _Weight
    reweight_missing: Flag
    minimum_assessed_weight: _Weight
    bands: Annotated[tuple[Band, ...], AfterValidator(_cover_all_scores)]

    def prior_of(self, unit_id: str | None) -> Decimal:
        """The prior mean rating (1..4) of a unit, or the policy's default if the unit has none."""
        prior = self.shrinkage.prior
        return prior if unit_id is None else self.shrinkage.unit_priors.get(unit_id, prior)


_POLICY, _SHRINKAGE = TypeAdapter(ScorePolicy), TypeAdapter(Shrinkage)


def policy_from_mapping(document: object) -> ScorePolicy:
    """The policy of a rule file. Raises RuleError."""
    return checked(_POLICY, document, "policy")


def policy_to_mapping(policy: ScorePolicy) -> dict[str, object]:
    """The policy as JSON data that `policy_from_mapping` reads back unchanged; decimals are text."""
    written: dict[str, object] = _POLICY.dump_python(policy, mode="json")
    return written


class _Semester(Protocol):
    @property
    def first_day(self) -> date: ...


def policy_for(semester: _Semester, policies: Iterable[ScorePolicy]) -> ScorePolicy:
    """The policy of a semester: the latest one in force on its first day; among equal dates the highest version.

    A policy dated inside a semester applies from the next one: no rule applies to work done before the rule existed.
    Raises `PolicyError` if none is in force.
    """
    in_force = [policy for policy in policies if policy.effective_from <= semester.first_day]
    if not in_force:
        day = semester.first_day.isoformat()
        raise PolicyError(f"no scoring policy is in force on {day}: add one with effective_from on or before that date")
    return max(in_force, key=lambda policy: (policy.effective_from, policy.version))


def with_unit_priors(policy: ScorePolicy, priors: Mapping[str, Decimal]) -> ScorePolicy:
    """Adds the units' means of the previous semester (1..4, at most 4 places); done once, when a semester opens."""
    shrinkage = policy.shrinkage
    content = {
        "prior_strength": shrinkage.prior_strength,
        "prior": shrinkage.prior,
        "unit_priors": {**shrinkage.unit_priors, **priors},
    }
    return replace(policy, shrinkage=checked(_SHRINKAGE, content, "policy: shrinkage"))
