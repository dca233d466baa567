from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from services.scoring.policy.rules.fast_score import policy_ints, score_hundredths
from services.scoring.policy.rules.parts import shrunk_mean
from services.scoring.policy.rules.policy import ScorePolicy, with_unit_priors
from services.scoring.policy.rules.score import IndicatorScore, ScoreResult, band_of, score, unit_prior
from services.scoring.totals.rules.rounding import half_up, hundredths_to_decimal
from tests.unit.scoring.policy.rule_data import complete_totals, d, shipped_policy, totals

POLICY = shipped_policy()


def indicator(result: ScoreResult, name: str) -> IndicatorScore:
    return next(item for item in result.indicators if item.name == name)


def both(columns: tuple[int, ...], policy: ScorePolicy = POLICY, unit_id: str | None = None) -> ScoreResult:
    """The explained score, after checking that the fast one is equal."""
    result = score(columns, policy, unit_id)
    hundredths, band, complete = score_hundredths(columns, policy_ints(policy), unit_id)
    assert (hundredths_to_decimal(hundredths), band, complete) == (result.score, result.band, result.complete)
    return result


def test_five_low_ratings_are_pulled_to_the_units_mean() -> None:
    assert half_up(shrunk_mean(10, 5, Decimal("3.4"), 10), 2) == d("2.93")
    assert shrunk_mean(10, 5, Decimal("3.4"), 10) == Fraction(44, 15)


def test_attendance_of_a_half_excused_month() -> None:
    # 20 scheduled days, one on leave, one absent, 90 minutes late in all.
    result = both(totals(scheduled_minutes=19 * 450, credited_minutes=19 * 450 - 450 - 90, final_days=19))
    attendance = indicator(result, "attendance")
    assert attendance.value == d("93.68")
    assert (attendance.numerator, attendance.denominator, attendance.n) == (8010, 8550, 19)
    assert attendance.interval is None
    assert result.score == d("93.68")


def test_a_complete_score_by_hand() -> None:
    policy = with_unit_priors(POLICY, {"unit-1": Decimal("3.4")})
    result = both(complete_totals(), policy, "unit-1")
    # Citizens: 25 x (48 + 34) / (12 + 10) = 93.1818...; quality 0.6 x 80 + 0.4 x that = 85.2727...;
    # communication 0.25 x 80 + 0.75 x that = 89.8863...; score 40 + 0.35 x 85.2727... + 0.25 x 89.8863... = 92.3170...
    assert indicator(result, "work_quality").value == d("85.27")
    assert indicator(result, "public_communication").value == d("89.89")
    assert (result.score, result.band, result.complete, result.reasons) == (d("92.32"), "SANGAT_BAIK", True, ())
    citizens = indicator(result, "work_quality").parts[1]
    assert (citizens.n, citizens.sum, citizens.count, citizens.prior) == (12, d("48"), d("12"), d("3.4"))
    assert citizens.value == d("93.18")
    assert [item.effective_weight for item in result.indicators] == [d("0.4"), d("0.35"), d("0.25")]


def test_a_score_just_below_half_a_hundredth_is_rounded_down() -> None:
    """Two indicators of 80.0048..., and no attendance: 15/31 of a hundredth is less than a half."""
    columns = totals(
        work_quality_n=31, work_quality_sum=31 * 8000 + 15, communication_n=31, communication_sum=31 * 8000 + 15
    )
    assert both(columns).score == d("80.00")


def test_shown_values_are_rounded_but_the_score_uses_the_exact_ones() -> None:
    policy = shipped_policy(weights={"attendance": "0.02", "work_quality": "0.49", "public_communication": "0.49"})
    # Attendance 66.666..., both others 50.004 by supervisors alone: rounding them first would give 50.33.
    columns = totals(
        scheduled_minutes=3, credited_minutes=2, final_days=1,
        work_quality_n=5, work_quality_sum=25_002, communication_n=5, communication_sum=25_002,
    )  # fmt: skip
    result = both(columns, policy)
    assert [item.value for item in result.indicators] == [d("66.67"), d("50.00"), d("50.00")]
    assert result.score == d("50.34")


def test_indicators_without_data_are_missing_and_not_zero() -> None:
    result = both(totals(provisional_days=3))
    assert (result.score, result.band, result.complete) == (None, None, False)
    assert [item.value for item in result.indicators] == [None, None, None]
    assert [item.state for item in result.indicators] == ["missing"] * 3
    assert "NOTHING_ASSESSED" in result.reasons


def test_no_credited_minute_of_many_is_a_true_zero() -> None:
    result = both(totals(scheduled_minutes=450, final_days=1, unexcused_days=1))
    assert (result.score, result.band) == (d("0.00"), "KURANG")


def test_a_missing_indicator_gives_its_weight_to_the_others_and_the_score_is_incomplete() -> None:
    result = both(totals(scheduled_minutes=100, credited_minutes=90, work_quality_n=1, work_quality_sum=7500))
    # (0.40 x 90 + 0.35 x 75) / 0.75
    assert (result.score, result.complete) == (d("83.00"), False)
    assert [item.effective_weight for item in result.indicators] == [d("0.5333"), d("0.4667"), d("0")]
    assert result.reasons == (
        "WORK_QUALITY_CITIZENS_MISSING",
        "PUBLIC_COMMUNICATION_MISSING",
        "PUBLIC_COMMUNICATION_SUPERVISORS_MISSING",
        "PUBLIC_COMMUNICATION_CITIZENS_MISSING",
        "REWEIGHTED",
    )


def test_a_policy_may_forbid_reweighting() -> None:
    columns = totals(scheduled_minutes=100, credited_minutes=90)
    result = both(columns, shipped_policy(reweight_missing=False))
    assert (result.score, result.complete) == (None, False)
    assert result.reasons[-1] == "REWEIGHTING_NOT_ALLOWED"
    assert indicator(result, "attendance").value == d("90.00")
    assert both(complete_totals(), shipped_policy(reweight_missing=False)).score is not None


def test_a_policy_may_ask_for_a_minimum_of_assessed_weight() -> None:
    policy = shipped_policy(minimum_assessed_weight="0.40")
    assert both(totals(communication_n=1, communication_sum=9000), policy).reasons[-1] == "TOO_LITTLE_ASSESSED"
    assert both(totals(scheduled_minutes=100, credited_minutes=90), policy).score == d("90.00")


@pytest.mark.parametrize(("forms", "state"), [(0, "missing"), (1, "too_few"), (9, "too_few"), (10, "assessed")])
def test_fewer_than_ten_ratings_are_not_used_and_not_shown(forms: int, state: str) -> None:
    result = both(
        totals(officer_competence_n=forms, officer_competence_sum=forms, officer_conduct_n=forms,
               officer_conduct_sum=forms)
    )  # fmt: skip
    communication = indicator(result, "public_communication")
    assert communication.state == state
    assert communication.n == forms
    if state == "assessed":
        assert communication.value == d("50.81")  # 25 x (10 + 30.644) / 20 = 50.805
        assert "DEFAULT_PRIOR" in result.reasons
    else:
        citizens = communication.parts[1]
        assert (communication.value, communication.interval) == (None, None)
        assert (citizens.value, citizens.sum, citizens.count, citizens.exact) == (None, None, None, None)
        assert f"PUBLIC_COMMUNICATION_{state.upper()}" in result.reasons


def test_five_citizens_with_two_answers_each_are_not_ten_voters() -> None:
    result = both(totals(completion_time_n=5, completion_time_sum=20, product_n=5, product_sum=20))
    assert indicator(result, "work_quality").state == "too_few"
    assert indicator(result, "work_quality").n == 5


def test_counter_ratings_weigh_what_the_policy_says() -> None:
    columns = {
        f"{unsur}{part}": value
        for unsur in ("officer_competence", "officer_conduct")
        for part, value in (("_n", 10), ("_sum", 40), ("_counter_n", 10), ("_counter_sum", 10))
    }
    half = indicator(both(totals(**columns)), "public_communication")
    assert half.n == 20
    assert half.value == d("75.64")  # 25 x (40 + 5 + 30.644) / (10 + 5 + 10)
    none = indicator(both(totals(**columns), shipped_policy(counter_weight="0")), "public_communication")
    assert none.n == 10
    assert none.value == d("88.31")  # 25 x (40 + 30.644) / 20 = 88.305, half up


def test_one_part_carries_its_indicator_unless_the_policy_asks_for_all() -> None:
    columns = totals(work_quality_n=2, work_quality_sum=16_001)
    carried = indicator(both(columns), "work_quality")
    assert (carried.state, carried.value) == ("assessed", d("80.01"))  # 80.005
    demanding = both(columns, shipped_policy(parts_required="all"))
    assert indicator(demanding, "work_quality").state == "missing"
    assert demanding.score is None


def test_a_part_that_the_policy_does_not_ask_for_is_not_missed() -> None:
    alone = {"supervisors": "1", "citizens": "0"}
    policy = shipped_policy(parts={"work_quality": alone, "public_communication": alone}, parts_required="all")
    result = both(
        totals(scheduled_minutes=1, credited_minutes=1, work_quality_n=1, work_quality_sum=9000,
               communication_n=1, communication_sum=9000),
        policy,
    )  # fmt: skip
    assert (result.score, result.complete, result.reasons) == (d("94.00"), True, ())


def test_the_interval_is_wide_for_few_and_narrow_for_many() -> None:
    def interval(forms: int) -> tuple[Decimal, Decimal]:
        columns = {f"{u}{p}": forms * v for u in ("completion_time", "product") for p, v in (("_n", 1), ("_sum", 3))}
        found = indicator(both(totals(**columns)), "work_quality").interval
        assert found is not None
        return found

    # 10 forms, all 3: 25 x (30 + 30.644) / 20 = 75.805 and 25 x 1.96 x 1.5 x sqrt(10) / 20 = 11.6213...
    assert interval(10) == (d("64.18"), d("87.43"))
    low, high = interval(1000)
    assert high - low < 5


def test_an_interval_stays_on_the_scale() -> None:
    columns = {f"{u}{p}": 10 * v for u in ("completion_time", "product") for p, v in (("_n", 1), ("_sum", 4))}
    found = indicator(
        both(totals(**columns), replace(POLICY, shrinkage=replace(POLICY.shrinkage, prior=Decimal(4)))), "work_quality"
    ).interval
    assert found is not None
    assert found[1] == 100


@pytest.mark.parametrize(
    ("points", "band"),
    [
        ("100.00", "SANGAT_BAIK"),
        ("90.00", "SANGAT_BAIK"),
        ("89.99", "BAIK"),
        ("76.61", "BAIK"),
        ("76.60", "BUTUH_PERBAIKAN"),
        ("65.00", "BUTUH_PERBAIKAN"),
        ("64.99", "KURANG"),
        ("0.00", "KURANG"),
    ],
)
def test_band_edges(points: str, band: str) -> None:
    assert band_of(Decimal(points), POLICY.bands) == band
    hundredths = int(Decimal(points) * 100)
    result = both(totals(scheduled_minutes=10_000, credited_minutes=hundredths, final_days=1))
    assert (result.score, result.band) == (Decimal(points), band)


@pytest.mark.parametrize(
    ("credited", "expected", "band"),
    [(89_994, "89.99", "BAIK"), (89_995, "90.00", "SANGAT_BAIK"), (76_604, "76.60", "BUTUH_PERBAIKAN"),
     (76_605, "76.61", "BAIK"), (64_995, "65.00", "BUTUH_PERBAIKAN")],
)  # fmt: skip
def test_halves_round_up_before_the_band_is_looked_up(credited: int, expected: str, band: str) -> None:
    result = both(totals(scheduled_minutes=100_000, credited_minutes=credited, final_days=1))
    assert (result.score, result.band) == (Decimal(expected), band)


def test_a_units_prior_is_the_mean_of_its_ratings() -> None:
    columns = {
        f"{u}{p}": v
        for u in ("completion_time", "product", "officer_competence", "officer_conduct")
        for p, v in (("_n", 9), ("_sum", 27), ("_counter_n", 2), ("_counter_sum", 8))
    }
    assert unit_prior(totals(**columns), POLICY) == d("3.1")  # (27 + 0.5 x 8) / (9 + 0.5 x 2)
    assert unit_prior(totals(**columns), shipped_policy(counter_weight="0")) is None  # only 9 forms then
    assert unit_prior(totals(), POLICY) is None


def test_a_units_prior_needs_the_minimum_of_forms_and_has_four_places() -> None:
    unsur = ("completion_time", "product", "officer_competence", "officer_conduct")
    ten_forms = {f"{name}_n": 10 for name in unsur}
    sums = dict(zip((f"{name}_sum" for name in unsur), (31, 31, 31, 32), strict=True))
    assert unit_prior(totals(**ten_forms, **sums), shipped_policy(minimum_ratings=10)) == d("3.125")
    assert unit_prior(totals(**ten_forms, **sums), shipped_policy(minimum_ratings=11)) is None
    thirds = totals(**{f"{name}_n": 3 for name in unsur}, **{f"{name}_sum": 10 for name in unsur})
    assert unit_prior(thirds, shipped_policy(minimum_ratings=3)) == d("3.3333")
