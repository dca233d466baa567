"""The scoring policy: dated parameters with the decree that put them into force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Protocol

from services.scoring.policy.rules.mapping import PolicyError, Reader

__all__ = [
    "INDICATORS",
    "Band",
    "PartWeights",
    "PolicyError",
    "ScorePolicy",
    "policy_for",
    "policy_from_mapping",
    "policy_to_mapping",
    "with_unit_priors",
]

INDICATORS = ("attendance", "work_quality", "public_communication")
_PLACES = 4  # weights and priors: exact in ten-thousandths, so that the fast path stays in integers
_LOWEST_RATING, _HIGHEST_RATING = Decimal(1), Decimal(4)


@dataclass(frozen=True, slots=True)
class Band:
    """A named range of scores: from `lower` (inclusive) up to the next band."""

    code: str
    lower: Decimal


@dataclass(frozen=True, slots=True)
class PartWeights:
    """An indicator's weights of supervisors and citizens; exact, and their sum is 1."""

    supervisors: Decimal
    citizens: Decimal


@dataclass(frozen=True, slots=True)
class ScorePolicy:
    """All parameters of the score. Weights are exact fractions of 1, ratings 1..4, scores 0..100.

    With `parts_required` "any" one assessed part is enough for an indicator; "all" requires both. `reweight_missing`
    distributes the weight of an indicator without data over the others, if the assessed ones have a total weight of at
    least `minimum_assessed_weight`. `unit_priors` contains the units' own means, fixed when the semester opens.
    """

    id: str
    version: int
    decree: str
    effective_from: date
    weights: Mapping[str, Decimal]
    work_quality: PartWeights
    public_communication: PartWeights
    parts_required: str
    prior_strength: int
    prior: Decimal
    minimum_ratings: int
    counter_weight: Decimal
    reweight_missing: bool
    minimum_assessed_weight: Decimal
    bands: tuple[Band, ...]
    unit_priors: Mapping[str, Decimal] = field(default_factory=dict)

    def prior_of(self, unit_id: str | None) -> Decimal:
        """The prior mean rating (1..4) of a unit, or the policy's default if the unit has none."""
        return self.prior if unit_id is None else self.unit_priors.get(unit_id, self.prior)


_KEYS = frozenset(
    {
        "id", "version", "decree", "effective_from", "weights", "parts", "parts_required", "shrinkage",
        "minimum_ratings", "counter_weight", "reweight_missing", "minimum_assessed_weight", "bands",
    }
)  # fmt: skip


def policy_from_mapping(document: Mapping[str, object]) -> ScorePolicy:
    """Reads a policy from YAML or JSON data; `PolicyError` names the first invalid value and what is expected.

    Numbers with decimals must be quoted: a parser would turn 0.35 into a binary float that is not 0.35.
    """
    top = Reader(document, "policy")
    top.only(_KEYS)
    parts = top.section("parts")
    parts.only({"work_quality", "public_communication"})
    shrinkage = top.section("shrinkage")
    shrinkage.only({"prior_strength", "prior", "unit_priors"})
    return ScorePolicy(
        id=top.text("id"),
        version=top.integer("version", low=1),
        decree=top.text("decree"),
        effective_from=top.day("effective_from"),
        weights=_weights(top.section("weights")),
        work_quality=_parts(parts.section("work_quality")),
        public_communication=_parts(parts.section("public_communication")),
        parts_required=top.one_of("parts_required", ("any", "all")),
        prior_strength=shrinkage.integer("prior_strength", low=0, high=10_000),
        prior=_rating(shrinkage, "prior"),
        minimum_ratings=top.integer("minimum_ratings", low=1, high=10_000),
        counter_weight=_fraction(top, "counter_weight"),
        reweight_missing=top.flag("reweight_missing"),
        minimum_assessed_weight=_fraction(top, "minimum_assessed_weight"),
        bands=_bands(top),
        unit_priors=_unit_priors(shrinkage),
    )


def policy_to_mapping(policy: ScorePolicy) -> dict[str, object]:
    """The policy as JSON data that `policy_from_mapping` reads back unchanged; decimals are text."""

    def split(weights: PartWeights) -> dict[str, str]:
        return {"supervisors": str(weights.supervisors), "citizens": str(weights.citizens)}

    return {
        "id": policy.id,
        "version": policy.version,
        "decree": policy.decree,
        "effective_from": policy.effective_from.isoformat(),
        "weights": {name: str(weight) for name, weight in policy.weights.items()},
        "parts": {
            "work_quality": split(policy.work_quality),
            "public_communication": split(policy.public_communication),
        },
        "parts_required": policy.parts_required,
        "shrinkage": {
            "prior_strength": policy.prior_strength,
            "prior": str(policy.prior),
            "unit_priors": {unit: str(prior) for unit, prior in policy.unit_priors.items()},
        },
        "minimum_ratings": policy.minimum_ratings,
        "counter_weight": str(policy.counter_weight),
        "reweight_missing": policy.reweight_missing,
        "minimum_assessed_weight": str(policy.minimum_assessed_weight),
        "bands": [{"code": band.code, "lower": str(band.lower)} for band in policy.bands],
    }


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
    reader = Reader({"unit_priors": {**policy.unit_priors, **priors}}, "policy.shrinkage")
    return replace(policy, unit_priors=_unit_priors(reader))


def _weights(reader: Reader) -> Mapping[str, Decimal]:
    reader.only(frozenset(INDICATORS))
    weights = {name: _fraction(reader, name) for name in INDICATORS}
    if any(weight == 0 for weight in weights.values()):
        raise PolicyError(f"{reader.path}: each weight must be above 0")
    _sums_to_one(reader.path, weights.values())
    return weights


def _parts(reader: Reader) -> PartWeights:
    reader.only({"supervisors", "citizens"})
    parts = PartWeights(_fraction(reader, "supervisors"), _fraction(reader, "citizens"))
    _sums_to_one(reader.path, (parts.supervisors, parts.citizens))
    return parts


def _sums_to_one(path: str, weights: Iterable[Decimal]) -> None:
    total = sum(weights, Decimal(0))
    if total != 1:
        raise PolicyError(f"{path}: the weights must sum to exactly 1, not {total}")


def _fraction(reader: Reader, key: str) -> Decimal:
    return reader.decimal(key, low=Decimal(0), high=Decimal(1), places=_PLACES)


def _rating(reader: Reader, key: str) -> Decimal:
    return reader.decimal(key, low=_LOWEST_RATING, high=_HIGHEST_RATING, places=_PLACES)


def _unit_priors(reader: Reader) -> Mapping[str, Decimal]:
    if not reader.has("unit_priors"):
        return {}
    priors = reader.section("unit_priors")
    return {unit: _rating(priors, unit) for unit in priors.keys()}  # noqa: SIM118 - a Reader is not a mapping


def _bands(reader: Reader) -> tuple[Band, ...]:
    bands = []
    for item in reader.sections("bands"):
        item.only({"code", "lower"})
        bands.append(Band(item.code("code"), item.decimal("lower", low=Decimal(0), high=Decimal(100), places=2)))
    lowers = [band.lower for band in bands]
    if lowers != sorted(set(lowers), reverse=True):
        raise PolicyError(f"{reader.path}.bands: list the bands from the highest lower bound down, without repetition")
    if not bands or lowers[-1] != 0:
        raise PolicyError(f"{reader.path}.bands: the last band must start at 0, so that every score has a band")
    if len({band.code for band in bands}) != len(bands):
        raise PolicyError(f"{reader.path}.bands: each code may occur only once")
    return tuple(bands)
