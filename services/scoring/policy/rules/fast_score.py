"""Computes only the score, in integer arithmetic, for batches of thousands of officers: 2 µs each, `score` takes 400.

`score` is the rule; a property test over all policies and totals holds this one equal to it, and `verify` compares both.

Weights, priors and the counter weight are in ten-thousandths, bounds and the score in hundredths of points. Numbers grow to
about 200 bits and stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.scoring.policy.rules.policy import ScorePolicy

__all__ = ["PolicyInts", "policy_ints", "score_hundredths"]

_ONE = 10_000


@dataclass(frozen=True, slots=True)
class PolicyInts:
    """A `ScorePolicy` as integers. `bands` start with the highest bound; `minimum_answers` covers two survey elements."""

    attendance: int
    work_quality: int
    public_communication: int
    work_quality_parts: tuple[int, int]
    communication_parts: tuple[int, int]
    all_parts: bool
    prior_strength: int
    prior: int
    unit_priors: Mapping[str, int]
    minimum_answers: int
    counter_weight: int
    reweight_missing: bool
    minimum_assessed_weight: int
    bands: tuple[tuple[str, int], ...]


def policy_ints(policy: ScorePolicy) -> PolicyInts:
    """Prepares a policy for `score_hundredths`: once per batch, not once per officer."""

    def scaled(number: Decimal) -> int:
        return int(number * _ONE)

    return PolicyInts(
        attendance=scaled(policy.weights["attendance"]),
        work_quality=scaled(policy.weights["work_quality"]),
        public_communication=scaled(policy.weights["public_communication"]),
        work_quality_parts=(scaled(policy.parts.work_quality.supervisors), scaled(policy.parts.work_quality.citizens)),
        communication_parts=(
            scaled(policy.parts.public_communication.supervisors),
            scaled(policy.parts.public_communication.citizens),
        ),
        all_parts=policy.parts_required == "all",
        prior_strength=policy.shrinkage.prior_strength,
        prior=scaled(policy.shrinkage.prior),
        unit_priors={unit: scaled(prior) for unit, prior in policy.shrinkage.unit_priors.items()},
        minimum_answers=2 * policy.minimum_ratings,
        counter_weight=scaled(policy.counter_weight),
        reweight_missing=policy.reweight_missing,
        minimum_assessed_weight=scaled(policy.minimum_assessed_weight),
        bands=tuple((band.code, int(band.lower * 100)) for band in policy.bands),
    )


def score_hundredths(
    totals: Sequence[int], policy: PolicyInts, unit_id: str | None = None
) -> tuple[int | None, str | None, bool]:
    """(score in hundredths of points or None, band or None, complete) for totals in the order of `TOTALS`."""
    (
        scheduled, credited, _, _, _,
        quality_n, quality_sum, communication_n, communication_sum, _,
        time_n, time_sum, time_cn, time_csum, product_n, product_sum, product_cn, product_csum,
        competence_n, competence_sum, competence_cn, competence_csum, conduct_n, conduct_sum, conduct_cn, conduct_csum,
    ) = totals  # fmt: skip
    prior = policy.prior if unit_id is None else policy.unit_priors.get(unit_id, policy.prior)
    numerator, denominator, carried = 0, 1, 0
    complete = True
    if scheduled:
        carried = policy.attendance
        numerator, denominator = carried * 100 * credited, scheduled
    else:
        complete = False
    top, bottom, whole = _indicator(
        policy, policy.work_quality_parts, quality_n, quality_sum, prior,
        time_n + product_n, time_sum + product_sum, time_cn + product_cn, time_csum + product_csum,
    )  # fmt: skip
    if bottom:
        carried += policy.work_quality
        numerator, denominator = numerator * bottom + policy.work_quality * top * denominator, denominator * bottom
    complete = complete and whole
    top, bottom, whole = _indicator(
        policy, policy.communication_parts, communication_n, communication_sum, prior,
        competence_n + conduct_n, competence_sum + conduct_sum,
        competence_cn + conduct_cn, competence_csum + conduct_csum,
    )  # fmt: skip
    if bottom:
        carried += policy.public_communication
        numerator, denominator = (
            numerator * bottom + policy.public_communication * top * denominator,
            denominator * bottom,
        )
    complete = complete and whole
    if carried == 0:
        return None, None, complete
    if carried != _ONE and (not policy.reweight_missing or carried < policy.minimum_assessed_weight):
        return None, None, complete
    denominator *= carried
    hundredths = (200 * numerator + denominator) // (2 * denominator)
    for code, lower in policy.bands:
        if hundredths >= lower:
            return hundredths, code, complete
    return hundredths, None, complete


def _indicator(  # plain integers instead of an object: this runs for every officer of a batch
    policy: PolicyInts,
    parts: tuple[int, int],
    points_n: int,
    points_sum: int,
    prior: int,
    visits: int,
    visit_sum: int,
    counters: int,
    counter_sum: int,
) -> tuple[int, int, bool]:
    """An indicator's points as a fraction (top, bottom), bottom 0 for no points, and whether all parts are assessed."""
    supervisors, citizens = parts
    by_supervisors = supervisors and points_n
    weigh = policy.counter_weight
    by_citizens = citizens and visits + (counters if weigh else 0) >= policy.minimum_answers
    whole = bool((by_supervisors or not supervisors) and (by_citizens or not citizens))
    if policy.all_parts and not whole:
        return 0, 0, False
    if not by_citizens:
        return (points_sum, 100 * points_n, whole) if by_supervisors else (0, 0, whole)
    strength = 2 * policy.prior_strength
    top = 25 * (visit_sum * _ONE + counter_sum * weigh + strength * prior)
    bottom = visits * _ONE + counters * weigh + strength * _ONE
    if not by_supervisors:
        return top, bottom, whole
    top = supervisors * points_sum * bottom + citizens * 100 * top * points_n
    return top, _ONE * 100 * points_n * bottom, whole
