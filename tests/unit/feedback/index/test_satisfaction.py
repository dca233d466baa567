"""SKM and IKM against the worked example and the edges of PermenPANRB 14/2017."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from services.feedback.index.rules.satisfaction import UNSUR, Satisfaction, counts_in, grade_of, satisfaction
from services.feedback.ratings.rules.tallies import Tally, add_tallies, tallies_of, without_few
from shared.contracts.events.feedback import FeedbackRecord
from shared.contracts.examples import EXAMPLES
from shared.contracts.semester import Semester

# Sums 16 15 16 20 16 17 18 15 18, together 151; 151 / 45 x 25 = 83.888...
FORMS = [
    dict(zip(UNSUR, map(int, row), strict=True))
    for row in ("334433434", "433434434", "323433333", "444444444", "232433323")
]


def index(forms: list[dict[str, int]], weight: Fraction | None = None) -> Satisfaction:
    return satisfaction(len(forms), tallies_of(forms), weight)


def test_the_worked_example_of_the_regulation() -> None:
    found = index(FORMS)
    assert [found.means[name] for name in UNSUR] == [
        Decimal(text)
        for text in ("3.2000", "3.0000", "3.2000", "4.0000", "3.2000", "3.4000", "3.6000", "3.0000", "3.6000")
    ]
    assert (found.respondents, found.n) == (5, dict.fromkeys(UNSUR, 5))
    assert found.skm == Decimal("3.3556")
    assert (found.ikm, found.grade) == (Decimal("83.89"), "B")


def test_old_reports_are_reproduced_with_their_rounded_weight() -> None:
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
def test_the_grade_follows_the_index_rounded_half_up(index: str, grade: str) -> None:
    assert grade_of(Decimal(index)) == grade


def test_a_missing_answer_does_not_count() -> None:
    found = index([{"product": 4}, {"product": 2, "cost": 3}])
    assert (found.n["product"], found.n["cost"], found.n["facilities"]) == (2, 1, 0)
    assert found.means["facilities"] is None
    assert found.ikm == Decimal("75.00")


@pytest.mark.parametrize("respondents", [0, 3])
def test_without_an_answer_there_is_no_index(respondents: int) -> None:
    assert satisfaction(respondents, {}) == Satisfaction(
        respondents, n=dict.fromkeys(UNSUR, 0), means=dict.fromkeys(UNSUR), skm=None, ikm=None, grade=None
    )


def test_means_are_rounded_half_up_to_4_places() -> None:
    found = satisfaction(32, {"product": Tally(3, 8), "cost": Tally(32, 33), "facilities": Tally(8, 8)})
    assert [found.means[name] for name in ("product", "cost", "facilities")] == [
        Decimal(text) for text in ("2.6667", "1.0313", "1.0000")
    ]


def test_tallies_add_up_and_elements_with_few_answers_are_omitted() -> None:
    parts = add_tallies(tallies_of(FORMS[:2]), tallies_of([*FORMS[2:], {"product": 1}]))
    assert parts == tallies_of([*FORMS, {"product": 1}])
    assert without_few({"product": Tally(5, 12), "cost": Tally(4, 16)}, 5) == {"product": Tally(5, 12)}


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"state": "withdrawn"}, False),
        ({"given_at": "2027-01-01T00:00:00+07:00"}, False),
        ({"given_at": "2026-12-31T17:00:00+00:00"}, False),
        ({"given_at": "2026-12-31T23:59:59+07:00"}, True),
    ],
)
def test_accepted_ratings_count_by_their_local_date(changes: dict[str, str], counts: bool) -> None:
    [rating, *_] = [item for item in EXAMPLES["asn.feedback.v1"] if item["kind"] == "citizen_rating"]
    record = FeedbackRecord.model_validate(
        rating | {"given_at": "2026-12-01T00:00:00+07:00", "state": "accepted"} | changes
    )
    assert counts_in(record, Semester.parse("2026-S2"), ZoneInfo("Asia/Jakarta")) is counts


def test_an_assessment_is_no_rating() -> None:
    [assessment, *_] = [item for item in EXAMPLES["asn.feedback.v1"] if item["kind"] == "supervisor_assessment"]
    record = FeedbackRecord.model_validate(assessment | {"state": "accepted"})
    semester = Semester.of(record.given_at.date())
    assert not counts_in(record, semester, ZoneInfo("Asia/Jakarta"))
