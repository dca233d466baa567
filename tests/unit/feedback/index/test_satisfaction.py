"""SKM and IKM against the worked example and the edges of PermenPANRB 14/2017."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from services.feedback.index.rules.satisfaction import UNSUR, Satisfaction, grade_of, satisfaction
from services.feedback.ratings.rules.tallies import Tally, add_tallies, tallies_of, without_few

# Sums 16 15 16 20 16 17 18 15 18, together 151; 151 / 45 x 25 = 83.888...
FORMS = [
    dict(zip(UNSUR, map(int, row), strict=True))
    for row in ("334433434", "433434434", "323433333", "444444444", "232433323")
]


def index(forms: list[dict[str, int]], weight: Fraction | None = None) -> Satisfaction:
    return satisfaction(len(forms), tallies_of(forms), weight)


def test_the_worked_example() -> None:
    found = index(FORMS)
    assert [found.means[name] for name in UNSUR] == [
        Decimal(text)
        for text in ("3.2000", "3.0000", "3.2000", "4.0000", "3.2000", "3.4000", "3.6000", "3.0000", "3.6000")
    ]
    assert found.skm == Decimal("3.3556")
    assert (found.ikm, found.grade) == (Decimal("83.89"), "B")


def test_the_weight_that_old_reports_printed() -> None:
    assert index(FORMS, Fraction("0.111")).ikm == Decimal("83.81")
    assert index(FORMS, Fraction("0.11")).ikm == Decimal("83.05")
    best = [dict.fromkeys(UNSUR, 4)]
    assert [index(best, w).ikm for w in (None, Fraction("0.111"), Fraction("0.11"))] == [
        Decimal("100.00"),
        Decimal("99.90"),
        Decimal("99.00"),
    ]


@pytest.mark.parametrize(
    ("index", "grade"),
    [
        ("64.994", "D"),
        ("64.995", "C"),
        ("76.604", "C"),
        ("76.605", "B"),
        ("88.304", "B"),
        ("88.305", "A"),
        ("25", "D"),
        ("100", "A"),
    ],
)
def test_grades_after_rounding_half_up(index: str, grade: str) -> None:
    assert grade_of(Decimal(index)) == grade


def test_a_missing_answer_is_left_out_and_nobody_is_not_zero() -> None:
    found = index([{"product": 4}, {"product": 2, "cost": 3}])
    assert (found.n["product"], found.n["cost"], found.n["facilities"]) == (2, 1, 0)
    assert found.means["facilities"] is None
    assert found.ikm == Decimal("75.00")
    nobody = index([])
    assert (nobody.skm, nobody.ikm, nobody.grade) == (None, None, None)


def test_sums_of_parts_are_those_of_the_whole_and_few_answers_are_left_out() -> None:
    parts = add_tallies(tallies_of(FORMS[:2]), tallies_of([*FORMS[2:], {"product": 1}]))
    assert parts == tallies_of([*FORMS, {"product": 1}])
    assert without_few({"product": Tally(5, 12), "cost": Tally(4, 16)}, 5) == {"product": Tally(5, 12)}
