"""The reasons for a notice: each limit of each rule, and what a change requires for a letter."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pytest

from services.notifications.grounds.rules.grounds import (
    differences,
    discipline_ground,
    indicator_ground,
    reward_ground,
)
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.events.score import ScoreRecord
from shared.contracts.examples import EXAMPLES
from tests.unit.notifications.grounds.test_rules import rules


def score(quality: str | None = "85.20", days: int = 60, **changes: Any) -> ScoreRecord:
    indicators = [dict(item) for item in EXAMPLES["asn.score.v1"][0]["indicators"]]
    indicators[0]["n"] = days
    indicators[1] |= {"value": quality, "state": "too_few" if quality is None else "assessed"}
    return ScoreRecord.model_validate(EXAMPLES["asn.score.v1"][0] | {"indicators": indicators} | changes)


def year(**changes: Any) -> DisciplineRecord:
    return DisciplineRecord.model_validate(EXAMPLES["asn.discipline.v1"][0] | changes)


@pytest.mark.parametrize(
    ("record", "gone"),
    [
        (score(score="90.00"), None),
        (score(score="89.99"), "BELOW_REWARD_THRESHOLD"),
        (score(score="100.00", unexcused_days=1), "UNEXCUSED_ABSENCE"),
        (score(score="100.00", complete=False), "SCORE_NOT_COMPLETE"),
        (score(score=None), "SCORE_NOT_COMPLETE"),
        (score(score="100.00", days=59), "TOO_FEW_FINAL_DAYS"),
        (score(score="100.00", indicators=[]), "TOO_FEW_FINAL_DAYS"),
    ],
)
def test_a_reward_needs_every_condition(record: ScoreRecord, gone: str | None) -> None:
    assert reward_ground(record, rules()).gone == gone


def test_the_facts_of_a_reward_are_the_score_and_the_final_days() -> None:
    assert reward_ground(score(score="93.50"), rules()).facts == {
        "value": "93.50",
        "band": "SANGAT_BAIK",
        "unexcused_days": 0,
        "complete": True,
        "final_days": 60,
    }
    assert reward_ground(score(score=None, indicators=[]), rules()).facts == {
        "value": None,
        "band": "SANGAT_BAIK",
        "unexcused_days": 0,
        "complete": True,
        "final_days": 0,
    }


@pytest.mark.parametrize(
    ("kind", "quality", "gone"),
    [
        ("coaching", "60.00", None),
        ("coaching", "75.00", None),
        ("coaching", "75.01", "ABOVE_EXIT_THRESHOLD"),
        ("coaching", None, "NOT_ASSESSED"),
        ("nudge", "69.99", None),
        ("nudge", "70.00", "NOT_BELOW_ENTRY_THRESHOLD"),
        ("nudge", None, "NOT_ASSESSED"),
    ],
)
def test_coaching_and_nudges_are_justified_up_to_their_thresholds(
    kind: Literal["coaching", "nudge"], quality: str | None, gone: str | None
) -> None:
    trend = [(date(2026, 8, 3), None), (date(2026, 8, 10), Decimal("61.00"))]
    ground = indicator_ground(kind, "work_quality", score(quality), trend, rules())
    assert ground.gone == gone
    assert ground.facts["value"] == quality
    assert ground.facts["trend"] == [{"on": "2026-08-03", "value": None}, {"on": "2026-08-10", "value": "61.00"}]


@pytest.mark.parametrize(
    ("subject", "facts"),
    [
        (
            "work_quality",
            {"value": "60.00", "target": "75", "n": 31, "interval": {"low": "80.11", "high": "90.30"}, "trend": []},
        ),
        ("attendance", {"value": "99.29", "target": "93", "n": 60, "interval": None, "trend": []}),
        ("score", {"value": "91.27", "target": "70", "n": None, "interval": None, "trend": []}),
    ],
)
def test_the_facts_of_coaching_are_the_subjects_own(subject: str, facts: dict[str, Any]) -> None:
    assert indicator_ground("coaching", subject, score("60.00"), [], rules()).facts == facts


def test_the_score_as_a_whole_has_a_value_only_if_it_is_complete() -> None:
    low = {"score": "60.00"}
    assert indicator_ground("coaching", "score", score(**low), [], rules()).gone is None
    assert indicator_ground("coaching", "score", score(**low, complete=False), [], rules()).gone == "NOT_ASSESSED"


def test_an_indicator_that_the_score_lacks_is_not_assessed() -> None:
    ground = indicator_ground("coaching", "work_quality", score(indicators=[]), [], rules())
    assert (ground.gone, ground.facts["value"], ground.facts["n"]) == ("NOT_ASSESSED", None, None)


@pytest.mark.parametrize(
    ("changes", "stands"),
    [
        ({}, True),
        ({"step": "TEGURAN_TERTULIS", "steps_reached": ["TEGURAN_LISAN", "TEGURAN_TERTULIS"]}, True),
        ({"step": "PEMBERHENTIAN", "steps_reached": ["PEMBERHENTIAN"]}, False),
        ({"step": None, "level": None, "steps_reached": []}, False),
        ({"step": "TEGURAN_TERTULIS", "steps_reached": []}, True),  # from before steps were listed
    ],
)
def test_a_step_is_justified_while_the_days_reach_it(changes: dict[str, Any], stands: bool) -> None:
    assert (discipline_ground("TEGURAN_LISAN", year(**changes)).gone is None) is stands


def test_the_facts_of_a_step_are_the_years_absences_and_the_notices_own_step() -> None:
    record = year(step="TEGURAN_TERTULIS", steps_reached=["TEGURAN_LISAN", "TEGURAN_TERTULIS"])
    ground = discipline_ground("TEGURAN_LISAN", record)
    assert ground.facts == {
        "year": 2026,
        "step": "TEGURAN_LISAN",
        "level": "LIGHT",
        "cumulative_days": 3,
        "longest_streak_days": 2,
        "dates": ["2026-07-13", "2026-07-14", "2026-08-03"],
    }
    assert discipline_ground("PEMBERHENTIAN", record).gone == "STEP_NO_LONGER_REACHED"


def test_differences_list_each_fact_that_changed_since_the_letter() -> None:
    letter = {"value": "90.01", "n": 3, "officer": {"name": "A", "unit": "U"}, "interval": None}
    present = {"value": "89.73", "n": 3, "officer": {"name": "B", "unit": "U"}, "interval": {"low": "80"}, "new": 1}
    assert differences(letter, present) == [
        {"fact": "value", "letter": "90.01", "present": "89.73"},
        {"fact": "officer.name", "letter": "A", "present": "B"},
        {"fact": "interval.low", "letter": None, "present": "80"},
        {"fact": "new", "letter": None, "present": 1},
    ]
    assert differences(letter, letter) == []
