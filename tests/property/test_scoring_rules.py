"""Properties of the scoring rules for any input."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.discipline.rules.discipline import discipline
from services.scoring.policy.rules.fast_score import policy_ints, score_hundredths
from services.scoring.policy.rules.ladder import discipline_rules_from_mapping
from services.scoring.policy.rules.policy import Band, PartWeights, ScorePolicy
from services.scoring.policy.rules.score import score
from services.scoring.totals.rules.contribution import (
    NO_DAY,
    NO_FEEDBACK,
    NO_TOTALS,
    OFFICER_UNSUR,
    TOTALS,
    Contribution,
    add,
    day_contribution,
    difference,
    feedback_contribution,
    totals_of,
    widen_day,
    widen_feedback,
)
from services.scoring.totals.rules.rounding import hundredths_to_decimal

RULES = Path(__file__).parents[2] / "rules"
LADDER = discipline_rules_from_mapping(
    yaml.safe_load((RULES / "discipline" / "pp94-2021.yaml").read_text(encoding="utf-8"))
).ladder_for("PNS")


@dataclass(frozen=True)
class Fact:
    """One revision of a day or a feedback, and the officer's semester that it belongs to."""

    thing: str
    revision: int
    owner: str
    contribution: Contribution

    @property
    def is_day(self) -> bool:
        return self.thing.startswith("day")

    @property
    def wide(self) -> Contribution:
        return widen_day(self.contribution) if self.is_day else widen_feedback(self.contribution)


@st.composite
def day_contributions(draw: st.DrawFn) -> Contribution:
    scheduled = draw(st.sampled_from([0, 225, 390, 450, 720]))
    return day_contribution(
        draw(st.sampled_from(["provisional", "final"])),
        draw(st.sampled_from(["present", "absent", "excused", "official_duty", "off", "unknown"])),
        scheduled,
        draw(st.integers(0, scheduled)),
        draw(st.sampled_from([None, "CUTI_TAHUNAN"])),
    )


@st.composite
def feedback_contributions(draw: st.DrawFn) -> Contribution:
    state = draw(st.sampled_from(["accepted", "quarantined", "withdrawn"]))
    if draw(st.booleans()):
        points = draw(st.decimals(0, 100, places=2))
        return feedback_contribution("supervisor_assessment", state, None, {"work_quality": points}, "visit")
    names = [*OFFICER_UNSUR, "facilities"]
    ratings = draw(st.dictionaries(st.sampled_from(names), st.integers(1, 4), min_size=1))
    return feedback_contribution("citizen_rating", state, ratings, None, draw(st.sampled_from(["visit", "counter"])))


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Every revision of some facts; a correction may move a feedback to another officer or semester."""
    facts: list[Fact] = []
    for number in range(draw(st.integers(1, 8))):
        is_day = draw(st.booleans())
        owner = draw(st.sampled_from(["a/2026-S1", "a/2026-S2", "b/2026-S2"]))
        for revision in range(1, draw(st.integers(1, 4)) + 1):
            if not is_day:
                owner = draw(st.sampled_from(["a/2026-S1", "a/2026-S2", "b/2026-S2"]))
            contribution = draw(day_contributions() if is_day else feedback_contributions())
            facts.append(Fact(f"{'day' if is_day else 'feedback'}-{number}", revision, owner, contribution))
    return facts


def recompute(facts: list[Fact]) -> dict[str, Contribution]:
    latest: dict[str, Fact] = {}
    for fact in sorted(facts, key=lambda fact: fact.revision):
        latest[fact.thing] = fact
    return {
        owner: totals_of(
            [fact.contribution for fact in latest.values() if fact.owner == owner and fact.is_day],
            [fact.contribution for fact in latest.values() if fact.owner == owner and not fact.is_day],
        )
        for owner in {fact.owner for fact in latest.values()}
    }


class RunningTotals:
    """Does with a batch what the store does: keeps the highest revision, adds up the changes."""

    def __init__(self) -> None:
        self.kept: dict[str, Fact] = {}
        self.totals: dict[str, Contribution] = defaultdict(lambda: NO_TOTALS)

    def apply(self, batch: list[Fact]) -> None:
        for fact in batch:
            old = self.kept.get(fact.thing)
            if old is not None and old.revision >= fact.revision:
                continue
            nothing = NO_DAY if fact.is_day else NO_FEEDBACK
            widen = widen_day if fact.is_day else widen_feedback
            if old is not None and old.owner != fact.owner:
                self.totals[old.owner] = add(self.totals[old.owner], widen(difference(nothing, old.contribution)))
                old = None
            before = old.contribution if old else nothing
            self.totals[fact.owner] = add(self.totals[fact.owner], widen(difference(fact.contribution, before)))
            self.kept[fact.thing] = fact


@given(histories(), st.data())
def test_any_order_duplicate_and_split_ends_in_the_recomputed_totals(facts: list[Fact], data: st.DataObject) -> None:
    repeated = facts + data.draw(st.lists(st.sampled_from(facts), max_size=10))
    arrived = data.draw(st.permutations(repeated))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(arrived)), max_size=4)))
    running = RunningTotals()
    for start, stop in zip([0, *cuts], [*cuts, len(arrived)], strict=True):
        running.apply(list(arrived[start:stop]))
    expected = recompute(facts)
    assert {owner: columns for owner, columns in running.totals.items() if owner in expected} == expected
    assert all(columns == NO_TOTALS for owner, columns in running.totals.items() if owner not in expected)
    assert all(value >= 0 for columns in running.totals.values() for value in columns)


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
        work_quality=PartWeights(quality, 1 - quality),
        public_communication=PartWeights(communication, 1 - communication),
        parts_required=draw(st.sampled_from(["any", "all"])),
        prior_strength=draw(st.integers(0, 50)),
        prior=ten_thousandths(10_000, 40_000),
        minimum_ratings=draw(st.integers(1, 12)),
        counter_weight=ten_thousandths(0, 10_000),
        reweight_missing=draw(st.booleans()),
        minimum_assessed_weight=ten_thousandths(0, 10_000),
        bands=tuple(Band(f"B{index}", Decimal(lower).scaleb(-2)) for index, lower in enumerate(bands)),
        unit_priors={"unit-1": ten_thousandths(10_000, 40_000)},
    )


@st.composite
def semester_totals(draw: st.DrawFn) -> Contribution:
    columns = dict.fromkeys(TOTALS, 0)
    if draw(st.booleans()):
        columns["scheduled_minutes"] = draw(st.integers(1, 60_000))
        columns["credited_minutes"] = draw(st.integers(0, columns["scheduled_minutes"]))
        columns["final_days"] = draw(st.integers(1, 130))
    for name in ("work_quality", "communication"):
        columns[f"{name}_n"] = n = draw(st.integers(0, 4))
        columns[f"{name}_sum"] = draw(st.integers(0, 10_000 * n))
    for unsur in OFFICER_UNSUR:
        for part in ("", "_counter"):
            columns[f"{unsur}{part}_n"] = n = draw(st.integers(0, 30))
            columns[f"{unsur}{part}_sum"] = draw(st.integers(n, 4 * n))
    return tuple(columns.values())


@settings(max_examples=400)
@given(semester_totals(), policies(), st.sampled_from([None, "unit-1", "unit-2"]))
def test_the_fast_score_is_the_explained_score(columns: Contribution, policy: ScorePolicy, unit: str | None) -> None:
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
