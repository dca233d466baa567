"""What an officer is shown of each part of an indicator: every number of it, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from services.scoring.policy.rules.fast_score import policy_ints, score_hundredths
from services.scoring.policy.rules.parts import IndicatorPart, citizens_part, supervisors_part
from services.scoring.policy.rules.policy import ScorePolicy
from services.scoring.policy.rules.score import score
from tests.unit.scoring.policy.rule_data import d, shipped_policy, totals

SIX_TENTHS = d("0.6")


def policy(**changes: object) -> ScorePolicy:
    """The shipped policy, with ratings that count from the first form on."""
    usual = {"minimum_ratings": 1, "shrinkage": {"prior_strength": 10, "prior": "3"}, "counter_weight": "0.5"}
    return shipped_policy(**{**usual, **changes})


def citizens(columns: dict[str, int], **changes: object) -> IndicatorPart:
    return citizens_part("work_quality", totals(**columns), policy(**changes), SIX_TENTHS, None)


def test_supervisors_are_shown_with_their_mean_sum_and_number() -> None:
    shown = supervisors_part("work_quality", totals(work_quality_n=3, work_quality_sum=20_000), SIX_TENTHS)
    mean = Fraction(200, 3)
    assert shown == IndicatorPart(
        "supervisors", SIX_TENTHS, "assessed", 3, value=d("66.67"), sum=d("200"), count=d("3"), exact=mean
    )
    assert supervisors_part("work_quality", totals(), SIX_TENTHS) == IndicatorPart(
        "supervisors", SIX_TENTHS, "missing", 0
    )


VISITS = {"completion_time_n": 3, "completion_time_sum": 10, "product_n": 2, "product_sum": 7}


def test_citizens_are_shown_with_everything_that_their_mean_is_made_of() -> None:
    shown = citizens({**VISITS, "completion_time_counter_n": 1, "completion_time_counter_sum": 2})
    # sum (17 + 0.5 x 2) / 2, count (5 + 0.5 x 1) / 2, mean (9 + 10 x 3) / (2.75 + 10), x 25
    # width 25 x 2.94 x sqrt(2 x (5 + 0.25)) / (5 + 0.5 + 2 x 10), the root rounded up
    assert shown == IndicatorPart(
        "citizens",
        SIX_TENTHS,
        "assessed",
        3,
        value=d("76.47"),
        sum=d("9"),
        count=d("2.75"),
        prior=d("3"),
        prior_strength=10,
        exact=Fraction(1300, 17),
        half_width=Fraction(25 * 29_400 * 32_404, 10_000 * 255_000),
    )


def test_citizens_below_the_minimum_are_shown_by_their_number_alone() -> None:
    assert citizens(VISITS, minimum_ratings=3) == IndicatorPart("citizens", SIX_TENTHS, "too_few", 2)
    assert citizens({}) == IndicatorPart("citizens", SIX_TENTHS, "missing", 0)


def test_sums_and_numbers_of_ratings_are_shown_with_four_places() -> None:
    counter = {"completion_time_counter_n": 1, "completion_time_counter_sum": 1}
    shown = citizens({**VISITS, **counter}, counter_weight="0.3333")
    assert (shown.sum, shown.count) == (d("8.6667"), d("2.6667"))


def test_ratings_from_a_counter_without_weight_are_not_counted() -> None:
    shown = citizens({**VISITS, "product_counter_n": 7, "product_counter_sum": 28}, counter_weight="0")
    assert (shown.n, shown.count, shown.sum) == (2, d("2.5"), d("8.5"))


@pytest.mark.parametrize(("answers", "width"), [(2, None), (8, Fraction(21, 2))])
def test_one_form_has_no_interval_and_a_square_number_of_answers_an_exact_one(
    answers: int, width: Fraction | None
) -> None:
    shown = citizens({"product_n": answers, "product_sum": 4 * answers})
    assert (shown.n, shown.half_width) == (answers // 2, width)


def test_two_forms_have_an_interval() -> None:
    assert citizens({"product_n": 4, "product_sum": 16}).half_width is not None


def test_an_interval_ends_at_zero() -> None:
    rules = policy(shrinkage={"prior_strength": 0, "prior": "3"})
    result = score(totals(product_n=4, product_sum=4), rules)
    [quality] = [item for item in result.indicators if item.name == "work_quality"]
    assert quality.interval is not None
    assert quality.interval[0] == 0


def test_an_indicator_without_data_has_its_weight_and_says_why() -> None:
    result = score(totals(), policy())
    assert [(item.name, item.state, item.n, item.weight) for item in result.indicators] == [
        ("attendance", "missing", 0, d("0.40")),
        ("work_quality", "missing", 0, d("0.35")),
        ("public_communication", "missing", 0, d("0.25")),
    ]
    assert "ATTENDANCE_MISSING" in result.reasons


def test_the_score_of_a_batch_counts_no_ratings_from_a_counter_without_weight() -> None:
    columns = totals(product_n=19, product_sum=76, product_counter_n=30, product_counter_sum=120)
    rules = shipped_policy(minimum_ratings=10, counter_weight="0")
    assert score_hundredths(columns, policy_ints(rules)) == (None, None, False)


def test_supervisors_without_weight_give_no_score() -> None:
    only_citizens = {"supervisors": "0", "citizens": "1"}
    rules = policy(parts={"work_quality": only_citizens, "public_communication": only_citizens})
    columns = totals(work_quality_n=1, work_quality_sum=9_000)
    assert score_hundredths(columns, policy_ints(rules)) == (None, None, False)
    assert score(columns, rules).score is None
