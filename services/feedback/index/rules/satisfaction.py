"""The satisfaction index of a service unit (SKM and IKM, PermenPANRB 14/2017)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import get_args

from services.feedback.ratings.rules.tallies import Tally
from shared.contracts.events.feedback import FeedbackRecord, Unsur
from shared.contracts.semester import Semester

__all__ = ["UNSUR", "Satisfaction", "counts_in", "grade_of", "satisfaction"]

UNSUR: tuple[str, ...] = get_args(Unsur)
_GRADES = ((Decimal("88.31"), "A"), (Decimal("76.61"), "B"), (Decimal("65.00"), "C"))
_POINTS = 25


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """`ikm` is 25..100 (2 places), `skm` 1..4 (4 places), both None without answers. `n` counts answers per element."""

    respondents: int
    n: Mapping[str, int]
    means: Mapping[str, Decimal | None]
    skm: Decimal | None
    ikm: Decimal | None
    grade: str | None


def counts_in(record: FeedbackRecord, semester: Semester, zone: tzinfo) -> bool:
    """Whether a record counts in the index of a semester: a citizen's rating that was not withdrawn, by its local date."""
    is_rating = record.kind == "citizen_rating" and record.state == "accepted"
    return is_rating and Semester.of(record.given_at.astimezone(zone).date()) == semester


def satisfaction(respondents: int, tallies: Mapping[str, Tally], weight: Fraction | None = None) -> Satisfaction:
    """The index of these forms. A missing answer does not count in its element's n; intermediate values are not rounded.

    `weight` is the weight of each element, by default exactly 1 ÷ (number of elements answered). Pass 0.11 or 0.111 to
    reproduce an old report of nine elements that used the rounded weight.
    """
    means = {name: Fraction(tallies[name].sum, tallies[name].n) for name in UNSUR if name in tallies}
    if not means:
        return Satisfaction(respondents, dict.fromkeys(UNSUR, 0), dict.fromkeys(UNSUR), None, None, None)
    each = weight if weight is not None else Fraction(1, len(means))
    skm = sum(means.values(), Fraction(0)) * each
    ikm = _half_up(skm * _POINTS, 2)
    return Satisfaction(
        respondents=respondents,
        n={name: tallies[name].n if name in tallies else 0 for name in UNSUR},
        means={name: _half_up(means[name], 4) if name in means else None for name in UNSUR},
        skm=_half_up(skm, 4),
        ikm=ikm,
        grade=grade_of(ikm),
    )


def grade_of(ikm: Decimal) -> str:
    """A to D. The printed table has gaps (64.99 to 65.00), so the index is rounded to 2 places first."""
    rounded = _half_up(Fraction(ikm), 2)
    return next((grade for lower, grade in _GRADES if rounded >= lower), "D")


def _half_up(number: Fraction, places: int) -> Decimal:
    scaled = number * 10**places
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(units).scaleb(-places)
