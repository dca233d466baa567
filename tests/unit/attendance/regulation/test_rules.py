"""Rule sets are checked when they are read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import yaml

from services.attendance.regulation.rules.rule_set import rules_for, rules_from_mapping
from shared.base.rule_models import RuleError
from tests.unit.attendance.days.day_helpers import RULES_FILE


def mapping(**changes: Any) -> dict[str, Any]:
    return yaml.safe_load(RULES_FILE.read_text()) | changes


def test_the_default_set() -> None:
    rules = rules_from_mapping(mapping())
    assert [band.percent for band in rules.late_bands] == [Decimal(p) for p in ("0.5", "1", "1.25", "1.5")]
    assert [band.from_minute for band in rules.early_bands] == [1, 31, 61, 91]
    assert (rules.absent_percent, rules.missing_punch_credit) == (Decimal(3), Fraction(1, 2))
    assert (rules.window_before_minutes, rules.window_after_minutes) == (180, 240)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"absent_percent": 3.0}, "absent_percent must be a percent"),
        ({"absent_percent": "NaN"}, "absent_percent must be a percent"),
        ({"absent_percent": "101"}, "absent_percent must be a percent from 0 to 100"),
        ({"absent_half_day_percent": "4"}, "absent_half_day_percent"),
        ({"version": True}, "version must be a whole number"),
        ({"grace_minutes": -1}, "grace_minutes"),
        ({"missing_punch_credit": 0.5}, "missing_punch_credit must be a fraction"),
        ({"missing_punch_credit": "3/2"}, "missing_punch_credit"),
        ({"missing_punch_credit": "1/0"}, "missing_punch_credit"),
        ({"effective_from": "soon"}, "effective_from must be a date"),
        ({"late_bands": [{"from_minute": 31, "percent": 1, "code": "B"}, {"from_minute": 1, "percent": 1, "code": "A"}]},
         "from_minute must increase"),
        ({"late_bands": [{"from_minute": 0, "percent": 1, "code": "A"}]},
         r"late_bands\[0\]\.from_minute must be a whole number from 1"),
        ({"late_bands": "x"}, "late_bands must be a list"),
        ({"gracee": 1}, "unknown gracee; known are absent_half_day_percent"),
        ({"decree": " "}, "decree must be text"),
        ({"roster_must_be_complete": "ya"}, "roster_must_be_complete must be true or false"),
        ({"roster_alert_days": 0}, "roster_alert_days must be a whole number from 1 to 90"),
    ],
)  # fmt: skip
def test_wrong_rules_are_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        rules_from_mapping(mapping(**change))


def test_what_a_set_of_before_does_not_say_of_rosters_is_the_milder_rule() -> None:
    data = mapping()
    assert (rules_from_mapping(data).roster_must_be_complete, rules_from_mapping(data).roster_alert_days) == (False, 7)
    del data["roster_must_be_complete"], data["roster_alert_days"]
    assert rules_from_mapping(data) == rules_from_mapping(mapping())


def test_a_missing_field_is_named() -> None:
    data = mapping()
    del data["tap_merge_seconds"]
    with pytest.raises(RuleError, match="tap_merge_seconds is missing"):
        rules_from_mapping(data)


def test_an_error_begins_with_the_kind_of_rules() -> None:
    with pytest.raises(RuleError, match=r"^attendance rules: "):
        rules_from_mapping({})


def test_the_set_in_force_is_the_latest_for_the_employment_type() -> None:
    first = rules_from_mapping(mapping())
    second = rules_from_mapping(mapping(version=2, effective_from="2026-07-01"))
    part_time = rules_from_mapping(mapping(id="pt", employment_types=["PPPK_PART_TIME"]))
    sets = [second, part_time, first]
    assert rules_for(date(2025, 12, 31), "PNS", sets) is None
    assert rules_for(date(2026, 6, 30), "PNS", sets) is first
    assert rules_for(date(2026, 7, 1), "PNS", sets) is second
    assert rules_for(date(2026, 7, 1), "PPPK_PART_TIME", sets) is part_time
