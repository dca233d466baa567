"""The satisfaction index of a service unit (SKM and IKM, PermenPANRB 14/2017)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import get_args

from shared.contracts.feedback import Unsur

__all__ = ["UNSUR", "Satisfaction", "grade_of", "officer_index", "satisfaction"]

UNSUR: tuple[str, ...] = get_args(Unsur)
OFFICER_UNSUR = ("completion_time", "officer_competence", "officer_conduct")
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


def satisfaction(forms: Iterable[Mapping[str, int]], weight: Fraction | None = None) -> Satisfaction:
    """The index of these forms. A missing answer is left out of its element's n; nothing is rounded in between.

    `weight` is what each element weighs: exactly 1 ÷ (number of elements answered) unless an old report, which printed
    0.11 or 0.111 for nine elements, is to be matched.
    """
    all_forms = list(forms)
    answers = {name: [form[name] for form in all_forms if name in form] for name in UNSUR}
    means = {name: Fraction(sum(given), len(given)) for name, given in answers.items() if given}
    if not means:
        return Satisfaction(len(all_forms), dict.fromkeys(UNSUR, 0), dict.fromkeys(UNSUR), None, None, None)
    each = weight if weight is not None else Fraction(1, len(means))
    skm = sum(means.values(), Fraction(0)) * each
    ikm = _half_up(skm * _POINTS, 2)
    return Satisfaction(
        respondents=len(all_forms),
        n={name: len(given) for name, given in answers.items()},
        means={name: _half_up(means[name], 4) if name in means else None for name in UNSUR},
        skm=_half_up(skm, 4),
        ikm=ikm,
        grade=grade_of(ikm),
    )


def grade_of(ikm: Decimal) -> str:
    """A to D. The printed table has gaps (64.99 to 65.00), so the index is rounded to 2 places first."""
    rounded = _half_up(Fraction(ikm), 2)
    return next((grade for lower, grade in _GRADES if rounded >= lower), "D")


def officer_index(forms: Sequence[Mapping[str, int]]) -> Decimal | None:
    """The mean of the elements that can be put down to one officer (U3, U6, U7) times 25, 2 places."""
    means = []
    for name in OFFICER_UNSUR:
        given = [form[name] for form in forms if name in form]
        if given:
            means.append(Fraction(sum(given), len(given)))
    return _half_up(sum(means, Fraction(0)) / len(means) * _POINTS, 2) if means else None


def _half_up(number: Fraction, places: int) -> Decimal:
    scaled = number * 10**places
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(units).scaleb(-places)
