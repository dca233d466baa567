"""SKM and IKM against the worked example and the edges of PermenPANRB 14/2017."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from services.feedback.domain.satisfaction import UNSUR, grade_of, officer_index, satisfaction

# Sums 16 15 16 20 16 17 18 15 18, together 151; 151 / 45 x 25 = 83.888...
FORMS = [
    dict(zip(UNSUR, map(int, row), strict=True))
    for row in ("334433434", "433434434", "323433333", "444444444", "232433323")
]


def test_the_worked_example() -> None:
    found = satisfaction(FORMS)
    assert [found.means[name] for name in UNSUR] == [
        Decimal(text)
        for text in ("3.2000", "3.0000", "3.2000", "4.0000", "3.2000", "3.4000", "3.6000", "3.0000", "3.6000")
    ]
    assert found.skm == Decimal("3.3556")
    assert (found.ikm, found.grade) == (Decimal("83.89"), "B")


def test_the_weight_that_old_reports_printed() -> None:
    assert satisfaction(FORMS, Fraction("0.111")).ikm == Decimal("83.81")
    assert satisfaction(FORMS, Fraction("0.11")).ikm == Decimal("83.05")
    best = [dict.fromkeys(UNSUR, 4)]
    assert [satisfaction(best, w).ikm for w in (None, Fraction("0.111"), Fraction("0.11"))] == [
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


def test_the_officers_own_elements() -> None:
    assert officer_index(FORMS) == Decimal("85.00")
    assert officer_index([]) is None


def test_a_missing_answer_is_left_out_and_nobody_is_not_zero() -> None:
    found = satisfaction([{"product": 4}, {"product": 2, "cost": 3}])
    assert (found.n["product"], found.n["cost"], found.n["facilities"]) == (2, 1, 0)
    assert found.means["facilities"] is None
    assert found.ikm == Decimal("75.00")
    nobody = satisfaction([])
    assert (nobody.skm, nobody.ikm, nobody.grade) == (None, None, None)
