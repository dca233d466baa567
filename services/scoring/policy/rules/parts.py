"""The parts of one indicator by source: supervisors' points and citizens' ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isqrt

from services.scoring.policy.rules.policy import ScorePolicy
from services.scoring.totals.rules.contribution import TOTALS, Contribution
from services.scoring.totals.rules.rounding import half_up

__all__ = ["CITIZEN_UNSUR", "SUPERVISOR_COLUMNS", "IndicatorPart", "citizens_part", "shrunk_mean", "supervisors_part"]

CITIZEN_UNSUR: Mapping[str, tuple[str, str]] = {
    "work_quality": ("completion_time", "product"),
    "public_communication": ("officer_competence", "officer_conduct"),
}
SUPERVISOR_COLUMNS: Mapping[str, str] = {"work_quality": "work_quality", "public_communication": "communication"}

_POINTS_PER_RATING = 25  # a mean of 4 is 100 points, as in the satisfaction index (PermenPANRB 14/2017)
# 1.96 × the largest standard deviation that answers 1..4 can have (half at each end: 1.5), in ten-thousandths.
_HALF_WIDTH = 29_400
_SCALE = 10_000


@dataclass(frozen=True, slots=True)
class IndicatorPart:
    """One part of an indicator. Only `n` is shown unless `state` is assessed: few votes would reveal the voters.

    `value` is points 0..100 (2 places) and `exact` the same unrounded. `n` counts assessments, or ratings as the number of
    full forms. `sum` is points (supervisors) or the weighted sum of ratings 1..4 divided by the number of survey elements
    (citizens); `count` the weighted number behind it; `prior` and `prior_strength` belong to the citizens' shrunk mean
    (sum + prior_strength x prior) / (count + prior_strength). `half_width` is in points, for a 95 % interval.
    """

    name: str
    weight: Decimal
    state: str
    n: int
    value: Decimal | None = None
    sum: Decimal | None = None
    count: Decimal | None = None
    prior: Decimal | None = None
    prior_strength: int | None = None
    exact: Fraction | None = None
    half_width: Fraction | None = None


def shrunk_mean(total: Fraction | int, n: Fraction | int, prior: Decimal, strength: int) -> Fraction:
    """(total + strength x prior) / (n + strength): a mean that gives few ratings less weight. Exact; 1..4 for ratings 1..4.

    Raises `ZeroDivisionError` if `n` and `strength` are both 0.
    """
    return (Fraction(total) + strength * Fraction(prior)) / (Fraction(n) + strength)


def supervisors_part(indicator: str, totals: Contribution, weight: Decimal) -> IndicatorPart:
    """The plain mean of the supervisors' points. It assesses all of the work, not a sample, so it has no interval."""
    column = SUPERVISOR_COLUMNS[indicator]
    n = totals[TOTALS.index(f"{column}_n")]
    if n == 0:
        return IndicatorPart("supervisors", weight, "missing", 0)
    hundredths = totals[TOTALS.index(f"{column}_sum")]
    exact = Fraction(hundredths, 100 * n)
    return IndicatorPart(
        "supervisors",
        weight,
        "assessed",
        n,
        value=half_up(exact, 2),
        sum=Decimal(hundredths).scaleb(-2),
        count=Decimal(n),
        exact=exact,
    )


def citizens_part(
    indicator: str, totals: Contribution, policy: ScorePolicy, weight: Decimal, unit_id: str | None
) -> IndicatorPart:
    """25 x the shrunk mean of the citizens' ratings of the indicator's survey elements.

    `n` is answers divided by elements, so that a form with both answers counts once and 5 citizens are never 10 votes.
    Answers of a weight class with weight 0 are not counted.
    """
    unsur = CITIZEN_UNSUR[indicator]
    visits, visit_sum, counters, counter_sum = (
        sum(totals[TOTALS.index(f"{name}{part}")] for name in unsur)
        for part in ("_n", "_sum", "_counter_n", "_counter_sum")
    )
    weigh = Fraction(policy.counter_weight)
    answers = visits + (counters if weigh else 0)
    n = answers // len(unsur)
    if n < policy.minimum_ratings:
        return IndicatorPart("citizens", weight, "too_few" if answers else "missing", n)
    count = (visits + weigh * counters) / len(unsur)
    total = (visit_sum + weigh * counter_sum) / len(unsur)
    prior = policy.prior_of(unit_id)
    exact = _POINTS_PER_RATING * shrunk_mean(total, count, prior, policy.shrinkage.prior_strength)
    return IndicatorPart(
        "citizens",
        weight,
        "assessed",
        n,
        value=half_up(exact, 2),
        sum=half_up(total, 4),
        count=half_up(count, 4),
        prior=prior,
        prior_strength=policy.shrinkage.prior_strength,
        exact=exact,
        half_width=_half_width(visits, counters, len(unsur), policy) if n >= 2 else None,
    )


def _half_width(visits: int, counters: int, elements: int, policy: ScorePolicy) -> Fraction:
    """Half of the 95 % interval of the citizens' part, in points; an upper bound.

    Normal approximation: 25 x 1.96 x 1.5 x sqrt(sum of squared weights) / (sum of weights + prior strength), with
    weights per form. The totals contain no squares, so 1.5, the largest standard deviation of answers 1..4, is used: the true
    interval is at most this wide. It covers the sampling error, not the error of a wrong prior.
    """
    weigh = int(policy.counter_weight * _SCALE)
    squares = elements * (visits * _SCALE**2 + counters * weigh**2)
    root = isqrt(squares)
    root += root * root < squares
    weights = visits * _SCALE + counters * weigh + elements * policy.shrinkage.prior_strength * _SCALE
    return Fraction(_POINTS_PER_RATING * _HALF_WIDTH * root, _SCALE * weights)
