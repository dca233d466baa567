from __future__ import annotations

from decimal import Decimal

import pytest

from services.scoring.totals.rules.contribution import (
    DAY_TOTALS,
    FEEDBACK_TOTALS,
    NO_DAY,
    NO_FEEDBACK,
    NO_TOTALS,
    TOTALS,
    InvalidFactError,
    add,
    day_contribution,
    feedback_contribution,
    widen_day,
    widen_feedback,
)


def named(columns: tuple[str, ...], values: tuple[int, ...]) -> dict[str, int]:
    return {name: value for name, value in zip(columns, values, strict=True) if value}


@pytest.mark.parametrize(
    ("state", "status", "scheduled", "credited", "excuse", "expected"),
    [
        ("final", "present", 450, 360, None, (450, 360, 1, 0, 0)),
        ("final", "present", 225, 225, "CUTI_TAHUNAN", (225, 225, 1, 0, 0)),
        ("final", "absent", 450, 0, None, (450, 0, 1, 1, 0)),
        ("final", "absent", 225, 0, "CUTI_TAHUNAN", (225, 0, 1, 0, 0)),
        ("final", "official_duty", 450, 0, "DINAS_LUAR", (450, 450, 1, 0, 0)),
        ("final", "excused", 450, 0, "CUTI_SAKIT", NO_DAY),
        ("final", "unknown", 450, 0, None, NO_DAY),
        ("final", "off", 0, 0, None, NO_DAY),
        ("final", "present", 0, 0, None, NO_DAY),
        ("final", "absent", 0, 0, None, NO_DAY),
        ("final", "official_duty", 0, 0, "DINAS_LUAR", NO_DAY),
        ("provisional", "present", 450, 450, None, (0, 0, 0, 0, 1)),
        ("provisional", "off", 0, 0, None, NO_DAY),
    ],
)
def test_only_final_scheduled_unexcused_days_count(
    state: str, status: str, scheduled: int, credited: int, excuse: str | None, expected: tuple[int, ...]
) -> None:
    assert day_contribution(state, status, scheduled, credited, excuse) == expected


@pytest.mark.parametrize(
    ("state", "status", "scheduled", "credited"),
    [
        ("final", "present", 450, 451),
        ("final", "present", 450, -1),
        ("final", "asleep", 450, 0),
        ("draft", "present", 450, 450),
    ],
)
def test_a_day_that_contradicts_itself_is_refused(state: str, status: str, scheduled: int, credited: int) -> None:
    with pytest.raises(InvalidFactError):
        day_contribution(state, status, scheduled, credited, None)


def test_a_visit_counts_the_officers_elements_only() -> None:
    ratings = {"completion_time": 3, "officer_conduct": 4, "facilities": 1, "cost": 2}
    result = feedback_contribution("citizen_rating", "accepted", ratings, None, "visit")
    assert named(FEEDBACK_TOTALS, result) == {
        "citizen_ratings": 1,
        "completion_time_n": 1,
        "completion_time_sum": 3,
        "officer_conduct_n": 1,
        "officer_conduct_sum": 4,
    }


def test_a_counter_rating_stays_apart() -> None:
    result = feedback_contribution("citizen_rating", "accepted", {"product": 2}, None, "counter")
    assert named(FEEDBACK_TOTALS, result) == {"citizen_ratings": 1, "product_counter_n": 1, "product_counter_sum": 2}


def test_a_form_about_the_unit_alone_adds_nothing_for_the_officer() -> None:
    assert feedback_contribution("citizen_rating", "accepted", {"cost": 4}, None, "visit") == NO_FEEDBACK


def test_assessments_are_exact_hundredths() -> None:
    assessment = {"work_quality": Decimal("87.55"), "public_communication": "90"}
    result = feedback_contribution("supervisor_assessment", "accepted", None, assessment, "visit")
    assert named(FEEDBACK_TOTALS, result) == {
        "work_quality_n": 1,
        "work_quality_sum": 8755,
        "communication_n": 1,
        "communication_sum": 9000,
    }


def test_an_assessment_of_zero_points_is_an_assessment() -> None:
    result = feedback_contribution("supervisor_assessment", "accepted", None, {"work_quality": 0}, "visit")
    assert named(FEEDBACK_TOTALS, result) == {"work_quality_n": 1}


def test_the_highest_assessment_and_the_lowest_answer_count() -> None:
    best = feedback_contribution("supervisor_assessment", "accepted", None, {"work_quality": "100.00"}, "visit")
    assert named(FEEDBACK_TOTALS, best) == {"work_quality_n": 1, "work_quality_sum": 10_000}
    worst = feedback_contribution("citizen_rating", "accepted", {"product": 1}, None, "visit")
    assert named(FEEDBACK_TOTALS, worst) == {"citizen_ratings": 1, "product_n": 1, "product_sum": 1}


@pytest.mark.parametrize("state", ["quarantined", "withdrawn"])
def test_feedback_that_is_not_accepted_adds_nothing(state: str) -> None:
    assert feedback_contribution("citizen_rating", state, {"product": 4}, None, "visit") == NO_FEEDBACK
    assert feedback_contribution("supervisor_assessment", state, None, {"work_quality": 90}, "visit") == NO_FEEDBACK


@pytest.mark.parametrize("points", ["87.555", "-1", "100.01", "many", "NaN", "Infinity", 87.5, True, ""])
def test_points_that_are_not_exact_are_refused(points: object) -> None:
    with pytest.raises(InvalidFactError, match="work_quality"):
        feedback_contribution("supervisor_assessment", "accepted", None, {"work_quality": points}, "visit")  # type: ignore[dict-item]


@pytest.mark.parametrize("answer", [0, 5, True, 3.0, "3"])
def test_an_answer_outside_1_to_4_is_refused(answer: object) -> None:
    with pytest.raises(InvalidFactError, match="product"):
        feedback_contribution("citizen_rating", "accepted", {"product": answer}, None, "visit")  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("kind", "state", "weight_class"),
    [
        ("gossip", "accepted", "visit"),
        ("citizen_rating", "perhaps", "visit"),
        ("citizen_rating", "accepted", "street"),
    ],
)
def test_unknown_codes_are_refused(kind: str, state: str, weight_class: str) -> None:
    with pytest.raises(InvalidFactError):
        feedback_contribution(kind, state, {"product": 3}, None, weight_class)


def test_totals_are_the_columns_of_days_then_those_of_feedback() -> None:
    assert TOTALS == DAY_TOTALS + FEEDBACK_TOTALS
    assert len(set(TOTALS)) == len(TOTALS) == len(NO_TOTALS)
    absent = day_contribution("final", "absent", 450, 0, None)
    rating = feedback_contribution("citizen_rating", "accepted", {"product": 4}, None, "visit")
    assert add(widen_day(absent), widen_feedback(rating)) == absent + rating


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("work_quality", {"work_quality_n": 1, "work_quality_sum": 8_000}),
        ("public_communication", {"communication_n": 1, "communication_sum": 8_000}),
    ],
)
def test_what_a_supervisor_did_not_assess_is_not_assessed_as_zero(asked: str, expected: dict[str, int]) -> None:
    columns = feedback_contribution("supervisor_assessment", "accepted", None, {asked: 80}, "visit")
    assert named(FEEDBACK_TOTALS, columns) == expected
    with pytest.raises(InvalidFactError, match=f"assessment of {asked} must be"):
        feedback_contribution("supervisor_assessment", "accepted", None, {asked: 101}, "visit")


def test_contributions_of_different_columns_are_never_added() -> None:
    with pytest.raises(ValueError, match="zip"):
        add(NO_DAY, NO_FEEDBACK)
