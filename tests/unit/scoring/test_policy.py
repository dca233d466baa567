from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.scoring.domain.policy import (
    PolicyError,
    policy_for,
    policy_from_mapping,
    policy_to_mapping,
    with_unit_priors,
)
from tests.unit.scoring.rule_data import policy_document, shipped_policy


@dataclass
class Half:
    first_day: date


def test_the_shipped_policy_has_the_designed_numbers() -> None:
    policy = shipped_policy()
    assert policy.weights == {
        "attendance": Decimal("0.40"),
        "work_quality": Decimal("0.35"),
        "public_communication": Decimal("0.25"),
    }
    assert (policy.prior_strength, policy.minimum_ratings, policy.reweight_missing) == (10, 10, True)
    assert [(band.code, band.lower) for band in policy.bands] == [
        ("SANGAT_BAIK", Decimal(90)),
        ("BAIK", Decimal("76.61")),
        ("BUTUH_PERBAIKAN", Decimal(65)),
        ("KURANG", Decimal(0)),
    ]


def test_a_policy_survives_being_stored() -> None:
    policy = with_unit_priors(shipped_policy(), {"unit-1": Decimal("3.4")})
    assert policy_from_mapping(policy_to_mapping(policy)) == policy


def test_unit_priors_are_added_and_checked() -> None:
    policy = with_unit_priors(shipped_policy(), {"unit-1": Decimal("3.4")})
    assert policy.prior_of("unit-1") == Decimal("3.4")
    assert policy.prior_of("unit-2") == policy.prior_of(None) == policy.prior
    with pytest.raises(PolicyError, match=r"unit-2 must be 1\.\.4"):
        with_unit_priors(policy, {"unit-2": Decimal("4.01")})


WEIGHTS = {"attendance": "0.40", "work_quality": "0.35", "public_communication": "0.25"}
SPLIT = {"supervisors": "0.60", "citizens": "0.40"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": {**WEIGHTS, "attendance": "0.41"}}, "sum to exactly 1, not 1.01"),
        ({"weights": {**WEIGHTS, "attendance": 0.4}}, "weights.attendance: write the number in quotes"),
        ({"weights": {"attendance": "1", "work_quality": "0", "public_communication": "0"}}, "above 0"),
        ({"weights": {**WEIGHTS, "loyalty": "0"}}, "unknown loyalty"),
        ({"weights": {**WEIGHTS, "attendance": "0.40001"}}, "at most 4 decimals"),
        ({"weights": {**WEIGHTS, "attendance": "much"}}, "must be a number in quotes"),
        ({"weights": {**WEIGHTS, "attendance": "NaN"}}, "must be a number in quotes"),
        ({"weights": {**WEIGHTS, "attendance": True}}, "must be a number in quotes"),
        ({"parts": {"work_quality": SPLIT}}, "parts.public_communication is missing"),
        ({"parts": {"work_quality": SPLIT, "public_communication": {**SPLIT, "citizens": "0.3"}}}, "sum to exactly 1"),
        ({"parts_required": "some"}, "one of any, all"),
        ({"shrinkage": {"prior_strength": 10, "prior": "0.9"}}, r"prior must be 1\.\.4"),
        ({"shrinkage": {"prior_strength": -1, "prior": "3"}}, r"whole number 0\.\.10000"),
        ({"minimum_ratings": 0}, r"whole number 1\.\."),
        ({"minimum_ratings": "10"}, "whole number"),
        ({"counter_weight": "1.5"}, r"must be 0\.\.1"),
        ({"reweight_missing": "yes"}, "true or false"),
        ({"effective_from": "soon"}, "must be a date"),
        ({"effective_from": 2026}, "must be a date"),
        ({"decree": " "}, "decree must be text"),
        ({"version": True}, "version must be a whole number"),
        ({"bands": []}, "last band must start at 0"),
        ({"bands": [{"code": "GOOD", "lower": "50"}]}, "last band must start at 0"),
        (
            {"bands": [{"code": "LOW", "lower": "0"}, {"code": "HIGH", "lower": "50"}]},
            "from the highest lower bound down",
        ),
        ({"bands": [{"code": "good", "lower": "0"}]}, "code of capitals"),
        ({"bands": [{"code": "A", "lower": "9"}, {"code": "A", "lower": "0"}]}, "only once"),
        ({"bands": "A"}, "must be a list"),
        ({"wieghts": {}}, "unknown wieghts"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        policy_from_mapping(policy_document(**changes))


def test_data_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(PolicyError, match="expected a mapping, not list"):
        policy_from_mapping([])  # type: ignore[arg-type]


def test_a_policy_made_inside_a_semester_waits_for_the_next() -> None:
    old = shipped_policy(effective_from="2026-01-01")
    new = shipped_policy(effective_from="2026-07-02", version=2)
    corrected = shipped_policy(effective_from="2026-07-02", version=3)
    assert policy_for(Half(date(2026, 7, 1)), [new, old]) is old
    assert policy_for(Half(date(2027, 1, 1)), [corrected, new, old]) is corrected
    with pytest.raises(PolicyError, match="in force on 2025-07-01"):
        policy_for(Half(date(2025, 7, 1)), [new, old])
