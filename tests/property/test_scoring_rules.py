"""Properties of the scoring rules for any input."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.discipline.rules.discipline import discipline
from services.scoring.policy.rules.fast_score import policy_ints, score_hundredths
from services.scoring.policy.rules.ladder import discipline_rules_from_mapping
from services.scoring.policy.rules.policy import Band, Parts, PartWeights, ScorePolicy, Shrinkage
from services.scoring.policy.rules.score import score
from services.scoring.totals.rules.contribution import (
    OFFICER_UNSUR,
    TOTALS,
    Contribution,
    add,
    feedback_contribution,
    widen_feedback,
)
from services.scoring.totals.rules.rounding import hundredths_to_decimal

RULES = Path(__file__).parents[2] / "rules"
LADDER = discipline_rules_from_mapping(
    yaml.safe_load((RULES / "discipline" / "pp94-2021.yaml").read_text(encoding="utf-8"))
).ladder_for("PNS")


@st.composite
def policies(draw: st.DrawFn) -> ScorePolicy:
    def ten_thousandths(low: int, high: int) -> Decimal:
        return Decimal(draw(st.integers(low, high))).scaleb(-4)

    first = ten_thousandths(1, 9_998)
    second = ten_thousandths(1, int((1 - first) * 10_000) - 1)
    quality, communication = ten_thousandths(0, 10_000), ten_thousandths(0, 10_000)
    lowers = draw(st.lists(st.integers(1, 10_000), unique=True, max_size=4))
    bands = [*sorted(lowers, reverse=True), 0]
    return ScorePolicy(
        id="any",
        version=1,
        decree="none",
        effective_from=date(2026, 1, 1),
        weights={"attendance": first, "work_quality": second, "public_communication": 1 - first - second},
        parts=Parts(PartWeights(quality, 1 - quality), PartWeights(communication, 1 - communication)),
        parts_required=draw(st.sampled_from(["any", "all"])),
        shrinkage=Shrinkage(
            draw(st.integers(0, 50) | st.integers(0, 10_000)),
            ten_thousandths(10_000, 40_000),
            {"unit-1": ten_thousandths(10_000, 40_000)},
        ),
        minimum_ratings=draw(st.integers(1, 12) | st.integers(1, 10_000)),
        counter_weight=ten_thousandths(0, 10_000),
        reweight_missing=draw(st.booleans()),
        minimum_assessed_weight=ten_thousandths(0, 10_000),
        bands=tuple(Band(f"B{index}", Decimal(lower).scaleb(-2)) for index, lower in enumerate(bands)),
    )


@st.composite
def semester_totals(draw: st.DrawFn) -> Contribution:
    columns = dict.fromkeys(TOTALS, 0)
    if draw(st.booleans()):
        columns["scheduled_minutes"] = draw(st.integers(1, 60_000))
        columns["credited_minutes"] = draw(st.integers(0, columns["scheduled_minutes"]))
        columns["final_days"] = draw(st.integers(1, 130))
    for name in ("work_quality", "communication"):
        columns[f"{name}_n"] = n = draw(st.integers(0, 4) | st.integers(0, 1_000))
        columns[f"{name}_sum"] = draw(st.integers(0, 10_000 * n))
    for unsur in OFFICER_UNSUR:
        for part in ("", "_counter"):
            columns[f"{unsur}{part}_n"] = n = draw(st.integers(0, 30) | st.integers(0, 100_000))
            columns[f"{unsur}{part}_sum"] = draw(st.integers(n, 4 * n))
    return tuple(columns.values())


@settings(max_examples=400)
@given(semester_totals(), policies(), st.sampled_from([None, "unit-1", "unit-2"]))
def test_the_score_of_a_batch_is_the_explained_score(
    columns: Contribution, policy: ScorePolicy, unit: str | None
) -> None:
    explained = score(columns, policy, unit)
    hundredths, band, complete = score_hundredths(columns, policy_ints(policy), unit)
    assert hundredths_to_decimal(hundredths) == explained.score
    assert (band, complete) == (explained.band, explained.complete)


@given(semester_totals(), policies())
def test_a_score_explains_itself(columns: Contribution, policy: ScorePolicy) -> None:
    result = score(columns, policy)
    assessed = [item for item in result.indicators if item.state == "assessed"]
    assert all((item.value is None) == (item.state != "assessed") for item in result.indicators)
    assert all(0 <= item.value <= 100 for item in assessed if item.value is not None)
    for item in assessed:
        if item.interval is not None and item.value is not None:
            assert item.interval[0] <= item.value <= item.interval[1]
    if result.score is None:
        assert not result.complete
        assert result.band is None
        return
    values = [item.value for item in assessed if item.value is not None]
    assert min(values) <= result.score <= max(values)
    assert abs(sum(item.effective_weight for item in result.indicators) - 1) <= Decimal("0.0002")
    assert result.complete or result.reasons


@given(semester_totals(), policies())
def test_one_more_top_rating_never_lowers_a_used_mean(columns: Contribution, policy: ScorePolicy) -> None:
    before = next(item for item in score(columns, policy).indicators if item.name == "public_communication")
    form = feedback_contribution("citizen_rating", "accepted", dict.fromkeys(OFFICER_UNSUR, 4), None, "visit")
    more = add(columns, widen_feedback(form))
    after = next(item for item in score(more, policy).indicators if item.name == "public_communication")
    shown = {part.name: part.value for part in before.parts}.get("citizens")
    if shown is not None:
        value = {part.name: part.value for part in after.parts}["citizens"]
        assert value is not None
        assert value >= shown


@given(st.lists(st.booleans(), max_size=80))
def test_the_ladder_never_falls_when_a_day_is_added(absences: list[bool]) -> None:
    days = [(date(2026, 1, 1) + timedelta(days=n), absent) for n, absent in enumerate(absences)]
    order = [None, *(step.code for step in LADDER.steps)] if LADDER else [None]
    reached = [order.index(discipline(days[:count], 2026, LADDER).step) for count in range(len(days) + 1)]
    assert reached == sorted(reached)
    result = discipline(days, 2026, LADDER)
    assert result.cumulative_days == sum(absences)
    assert result.current_streak_days <= result.longest_streak_days <= result.cumulative_days
    assert result.step == (result.steps_reached[-1] if result.steps_reached else None)
    assert list(result.dates) == [day for day, absent in days if absent]
