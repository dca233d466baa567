"""Computes an officer's semester score with everything that explains it.

The score is evidence for the appraiser, who gives the legal rating (PermenPANRB 6/2022); it is never that rating itself.
Arithmetic is exact; the score and the shown values are each rounded once. An indicator without data never counts as 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from services.scoring.policy.rules.parts import IndicatorPart, citizens_part, supervisors_part
from services.scoring.policy.rules.policy import Band, ScorePolicy
from services.scoring.totals.rules.contribution import TOTALS, Contribution
from services.scoring.totals.rules.rounding import half_up

__all__ = ["IndicatorScore", "ScoreResult", "band_of", "score", "unit_prior"]


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """One indicator of a score.

    `value` is points 0..100 (2 places, None unless assessed), `weight` the policy's weight, `effective_weight` the weight in
    this score (4 places, 0 if not assessed). `n` counts days, ratings or assessments. `numerator` and `denominator` are the
    credited and scheduled minutes of the attendance, None for other indicators (see `parts`). `interval` is (low, high) in
    points at 95 %, rounded outwards; None if the value includes no citizens' ratings.
    """

    name: str
    value: Decimal | None
    weight: Decimal
    effective_weight: Decimal
    n: int
    numerator: int | None
    denominator: int | None
    interval: tuple[Decimal, Decimal] | None
    state: str
    parts: tuple[IndicatorPart, ...]


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """`score` is 0..100 with 2 places, None if the policy allows no score. `complete`: every part is assessed."""

    score: Decimal | None
    band: str | None
    complete: bool
    indicators: tuple[IndicatorScore, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Evaluated:
    name: str
    state: str
    n: int
    exact: Fraction | None = None
    minutes: tuple[int, int] | None = None
    half_width: Fraction | None = None
    parts: tuple[IndicatorPart, ...] = ()
    reasons: tuple[str, ...] = ()
    complete: bool = False


def score(totals: Contribution, policy: ScorePolicy, unit_id: str | None = None) -> ScoreResult:
    """Computes the score from semester totals (in the order of `TOTALS`) and a policy, for an officer of a unit.

    `reasons` are codes: `<INDICATOR>_MISSING`, `<INDICATOR>_TOO_FEW`, `<INDICATOR>_<PART>_MISSING|_TOO_FEW`,
    `DEFAULT_PRIOR`, `REWEIGHTED`, `REWEIGHTING_NOT_ALLOWED`, `NOTHING_ASSESSED`, `TOO_LITTLE_ASSESSED`.
    """
    evaluated = (
        _attendance(totals),
        _with_parts("work_quality", totals, policy, unit_id),
        _with_parts("public_communication", totals, policy, unit_id),
    )
    reasons = [reason for indicator in evaluated for reason in indicator.reasons]
    used = {item.name: item.exact for item in evaluated if item.exact is not None}
    carried = sum((policy.weights[name] for name in used), Decimal(0))
    refusal = _refusal(carried, policy)
    if refusal is not None:
        reasons.append(refusal)
        carried = Decimal(0)
    elif carried != 1:
        reasons.append("REWEIGHTED")
    points: Decimal | None = None
    if carried:
        exact = sum((Fraction(policy.weights[name]) * value for name, value in used.items()), Fraction(0))
        points = half_up(exact / Fraction(carried), 2)
    if unit_id not in policy.shrinkage.unit_priors and any(
        part.prior is not None for item in evaluated for part in item.parts
    ):
        reasons.append("DEFAULT_PRIOR")
    return ScoreResult(
        score=points,
        band=None if points is None else band_of(points, policy.bands),
        complete=all(item.complete for item in evaluated),
        indicators=tuple(_shown(item, policy, carried) for item in evaluated),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def band_of(points: Decimal, bands: tuple[Band, ...]) -> str:
    """The band of a rounded score. The shown number decides, so 89.995 is 90.00 and in the upper band."""
    return next(band.code for band in bands if points >= band.lower)


def unit_prior(totals: Contribution, policy: ScorePolicy) -> Decimal | None:
    """A unit's mean rating (1..4, 4 places) over all survey elements, from the sum of its officers' totals.

    None below the policy's minimum of forms: the unit's prior for the next semester is then the policy's default.
    """
    weigh = Fraction(policy.counter_weight)
    column = dict(zip(TOTALS, totals, strict=True))
    unsur = [name.removesuffix("_counter_n") for name in TOTALS if name.endswith("_counter_n")]
    answers = sum(column[f"{name}_n"] + (column[f"{name}_counter_n"] if weigh else 0) for name in unsur)
    if answers < policy.minimum_ratings * len(unsur):
        return None
    count = sum((column[f"{name}_n"] + weigh * column[f"{name}_counter_n"] for name in unsur), Fraction(0))
    total = sum((column[f"{name}_sum"] + weigh * column[f"{name}_counter_sum"] for name in unsur), Fraction(0))
    return half_up(total / count, 4)


def _refusal(carried: Decimal, policy: ScorePolicy) -> str | None:
    if carried == 0:
        return "NOTHING_ASSESSED"
    if carried == 1:
        return None
    if not policy.reweight_missing:
        return "REWEIGHTING_NOT_ALLOWED"
    return "TOO_LITTLE_ASSESSED" if carried < policy.minimum_assessed_weight else None


def _attendance(totals: Contribution) -> _Evaluated:
    scheduled, credited, final_days = totals[:3]
    if scheduled == 0:
        return _Evaluated("attendance", "missing", 0, reasons=("ATTENDANCE_MISSING",))
    exact = Fraction(100 * credited, scheduled)
    return _Evaluated("attendance", "assessed", final_days, exact, minutes=(credited, scheduled), complete=True)


def _with_parts(name: str, totals: Contribution, policy: ScorePolicy, unit_id: str | None) -> _Evaluated:
    split = policy.parts.work_quality if name == "work_quality" else policy.parts.public_communication
    parts: list[IndicatorPart] = []
    if split.supervisors:
        parts.append(supervisors_part(name, totals, split.supervisors))
    if split.citizens:
        parts.append(citizens_part(name, totals, policy, split.citizens, unit_id))
    assessed = [part for part in parts if part.exact is not None]
    complete = len(assessed) == len(parts)
    reasons = tuple(f"{name}_{part.name}_{part.state}".upper() for part in parts if part.exact is None)
    if not assessed or (policy.parts_required == "all" and not complete):
        state = "too_few" if any(part.state == "too_few" for part in parts) else "missing"
        n = sum(part.n for part in parts)
        return _Evaluated(name, state, n, parts=tuple(parts), reasons=(f"{name}_{state}".upper(), *reasons))
    carried = Fraction(sum(part.weight for part in assessed))
    exact = sum((Fraction(part.weight) * part.exact for part in assessed if part.exact is not None), Fraction(0))
    widths = [Fraction(part.weight) * part.half_width for part in assessed if part.half_width is not None]
    return _Evaluated(
        name,
        "assessed",
        sum(part.n for part in assessed),
        exact / carried,
        half_width=widths[0] / carried if widths else None,
        parts=tuple(parts),
        reasons=reasons,
        complete=complete,
    )


def _shown(item: _Evaluated, policy: ScorePolicy, carried: Decimal) -> IndicatorScore:
    weight = policy.weights[item.name]
    used = item.exact is not None and carried != 0
    return IndicatorScore(
        name=item.name,
        value=None if item.exact is None else half_up(item.exact, 2),
        weight=weight,
        effective_weight=half_up(Fraction(weight) / Fraction(carried), 4) if used else Decimal(0),
        n=item.n,
        numerator=item.minutes[0] if item.minutes else None,
        denominator=item.minutes[1] if item.minutes else None,
        interval=_interval(item),
        state=item.state,
        parts=item.parts,
    )


def _interval(item: _Evaluated) -> tuple[Decimal, Decimal] | None:
    if item.exact is None or item.half_width is None:
        return None
    low = max(floor((item.exact - item.half_width) * 100), 0)
    high = min(ceil((item.exact + item.half_width) * 100), 10_000)
    return Decimal(low).scaleb(-2), Decimal(high).scaleb(-2)
