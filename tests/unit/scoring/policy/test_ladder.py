"""The disciplinary ladders as data: what is read, and what is refused with its place."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml

from services.scoring.policy.rules.ladder import (
    DisciplineRules,
    Ladder,
    LadderStep,
    discipline_rules_for,
    discipline_rules_from_mapping,
)
from services.scoring.policy.rules.policy import PolicyError
from shared.base.rule_models import RuleError
from tests.unit.scoring.policy.rule_data import RULES


def ladder_document(**changes: object) -> dict[str, Any]:
    text = (RULES / "discipline" / "pp94-2021.yaml").read_text(encoding="utf-8")
    return {**yaml.safe_load(text), **changes}


def a_step(code: str, level: str, days: int) -> dict[str, object]:
    return {"code": code, "level": level, "cumulative_days": days, "sanction": "Teguran"}


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([a_step("A", "LIGHT", 4), a_step("B", "LIGHT", 3)], "in order of cumulative_days"),
        ([a_step("A", "HEAVY", 3), a_step("B", "LIGHT", 4)], "heavier level"),
        ([a_step("A", "LIGHT", 3), a_step("A", "LIGHT", 4)], "only once"),
        ([a_step("A", "SMALL", 3)], "one of LIGHT, MEDIUM, HEAVY"),
        (
            [a_step("A", "LIGHT", 3), a_step("B", "LIGHT", 0)],
            r"^discipline: ladders\.PNS\[1\]\.cumulative_days must be",
        ),
        ([a_step("A", "LIGHT", 0)], "days must be a whole number from 1 to 366"),
        ([a_step("A", "LIGHT", 367)], "days must be a whole number from 1 to 366"),
        ([a_step("A", "LIGHT", 3) | {"consecutive_days": 0}], "days must be a whole number from 1 to 366"),
        ([a_step("A", "LIGHT", 3) | {"consecutive_days": 367}], "days must be a whole number from 1 to 366"),
        ([a_step("A", "LIGHT", 3) | {"sanksi": "Teguran"}], r"PNS\[0\]: unknown sanksi"),
    ],
)
def test_a_wrong_ladder_is_refused(steps: list[dict[str, object]], message: str) -> None:
    ladders = {"PNS": steps, "PPPK": [], "PPPK_PART_TIME": []}
    with pytest.raises(RuleError, match=message):
        discipline_rules_from_mapping(ladder_document(ladders=ladders))


def test_rules_are_read_whole() -> None:
    light = a_step("TEGURAN", "LIGHT", 1) | {"consecutive_days": 1}
    heavy = a_step("PEMBERHENTIAN", "HEAVY", 366) | {"consecutive_days": 366, "interim_sanction": "Penundaan"}
    ladders = {"PNS": [light, heavy], "PPPK": [], "PPPK_PART_TIME": []}
    read = discipline_rules_from_mapping(
        {"id": "pp94", "version": 1, "decree": "PP 94/2021", "effective_from": "2021-08-31", "ladders": ladders}
    )
    steps = (
        LadderStep("TEGURAN", "LIGHT", 0, 1, 1, "Teguran", None),
        LadderStep("PEMBERHENTIAN", "HEAVY", 1, 366, 366, "Teguran", "Penundaan"),
    )
    expected = {"PNS": Ladder(steps), "PPPK": None, "PPPK_PART_TIME": None}
    assert read == DisciplineRules("pp94", 1, "PP 94/2021", date(2021, 8, 31), expected)


def test_a_long_streak_reaches_the_heaviest_of_several_streak_steps() -> None:
    days = {"A": 3, "B": 5, "C": 9}
    steps = [a_step(code, "LIGHT", 10 * days[code]) | {"consecutive_days": days[code]} for code in days]
    ladders = {"PNS": steps, "PPPK": [], "PPPK_PART_TIME": []}
    ladder = discipline_rules_from_mapping(ladder_document(ladders=ladders)).ladder_for("PNS")
    assert ladder is not None
    reached = [ladder.consecutive_step(streak) for streak in (2, 3, 5, 8, 9)]
    assert [step and step.code for step in reached] == [None, "A", "B", "B", "C"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 0}, "^discipline: version must be a whole number above 0"),
        ({"pasal": "9"}, "^discipline: unknown pasal"),
    ],
)
def test_wrong_rules_are_refused_with_their_place(changes: dict[str, object], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        discipline_rules_from_mapping(ladder_document(**changes))


def test_an_employment_type_without_a_ladder_must_be_named() -> None:
    with pytest.raises(RuleError, match=r"ladders\.PPPK is missing"):
        discipline_rules_from_mapping(ladder_document(ladders={"PNS": []}))


def test_the_rules_in_force_on_a_day() -> None:
    old = discipline_rules_from_mapping(ladder_document(effective_from="2021-08-31"))
    new = discipline_rules_from_mapping(ladder_document(effective_from="2027-01-01", version=2))
    assert discipline_rules_for(date(2026, 12, 31), [new, old]) is old
    assert discipline_rules_for(date(2027, 1, 1), [new, old]) is new
    with pytest.raises(PolicyError, match="2020-01-01"):
        discipline_rules_for(date(2020, 1, 1), [new, old])


def test_the_corrected_rules_of_a_date_are_in_force() -> None:
    first = discipline_rules_from_mapping(ladder_document(effective_from="2027-01-01", version=1))
    corrected = discipline_rules_from_mapping(ladder_document(effective_from="2027-01-01", version=2))
    assert discipline_rules_for(date(2027, 1, 1), [corrected, first]) is corrected
    assert discipline_rules_for(date(2027, 1, 1), [first, corrected]) is corrected
