from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.scoring.policy.rules.policy import (
    PolicyError,
    policy_for,
    policy_from_mapping,
    policy_to_mapping,
    with_unit_priors,
)
from shared.base.rule_models import RuleError
from tests.unit.scoring.policy.rule_data import policy_document, shipped_policy


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
    assert (policy.shrinkage.prior_strength, policy.minimum_ratings, policy.reweight_missing) == (10, 10, True)
    assert [(band.code, band.lower) for band in policy.bands] == [
        ("SANGAT_BAIK", Decimal(90)),
        ("BAIK", Decimal("76.61")),
        ("BUTUH_PERBAIKAN", Decimal(65)),
        ("KURANG", Decimal(0)),
    ]


def test_a_policys_name_decree_and_dates_are_read() -> None:
    document = policy_document(id="walikota-2", version=2, decree="Perwali 7/2026", effective_from="2026-07-01")
    policy = policy_from_mapping(document)
    assert (policy.id, policy.version, policy.decree) == ("walikota-2", 2, "Perwali 7/2026")
    assert policy.effective_from == date(2026, 7, 1)


def test_a_whole_number_needs_no_quotes() -> None:
    assert shipped_policy(counter_weight=1).counter_weight == Decimal(1)


def test_a_policy_survives_being_stored() -> None:
    policy = with_unit_priors(shipped_policy(), {"unit-1": Decimal("3.4")})
    stored = json.dumps(policy_to_mapping(policy))
    assert policy_from_mapping(json.loads(stored)) == policy


@pytest.mark.parametrize("key", [1, None, True])
def test_a_unit_in_a_policy_is_a_quoted_id(key: object) -> None:
    """YAML reads 1, null and true as other types: as text, they could be a unit that was not meant."""
    shrinkage = policy_document()["shrinkage"] | {"unit_priors": {key: "3"}}
    with pytest.raises(RuleError, match=rf"the id of a unit in quotes, not {key}"):
        policy_from_mapping(policy_document(shrinkage=shrinkage))


def test_unit_priors_are_added_and_checked() -> None:
    policy = with_unit_priors(shipped_policy(), {"unit-1": Decimal("3.4")})
    assert policy.prior_of("unit-1") == Decimal("3.4")
    assert policy.prior_of("unit-2") == policy.prior_of(None) == policy.shrinkage.prior
    with pytest.raises(RuleError, match=r"^policy: shrinkage: unit_priors\.unit-2 must be a number from 1 to 4"):
        with_unit_priors(policy, {"unit-2": Decimal("4.01")})


WEIGHTS = {"attendance": "0.40", "work_quality": "0.35", "public_communication": "0.25"}
SPLIT = {"supervisors": "0.60", "citizens": "0.40"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"weights": {**WEIGHTS, "attendance": "0.41"}},
            r"^policy: weights: the weights must sum to exactly 1, not 1\.01",
        ),
        (
            {"weights": {**WEIGHTS, "attendance": 0.4}},
            r'weights\.attendance must be a number in quotes to keep it exact: "0\.4"',
        ),
        ({"weights": {"attendance": "1", "work_quality": "0", "public_communication": "0"}}, "above 0"),
        ({"weights": {"attendance": "0.6", "work_quality": "0.4", "public_communication": "0"}}, "above 0"),
        ({"weights": {**WEIGHTS, "loyalty": "0"}}, "unknown loyalty"),
        ({"weights": {**WEIGHTS, "attendance": "0.40001"}}, "at most 4 decimals"),
        ({"weights": {**WEIGHTS, "attendance": "much"}}, "must be a number in quotes"),
        ({"weights": {**WEIGHTS, "attendance": "NaN"}}, "must be a number in quotes"),
        ({"weights": {**WEIGHTS, "attendance": True}}, "must be a number in quotes"),
        ({"parts": {"work_quality": SPLIT}}, "parts.public_communication is missing"),
        (
            {"parts": {"work_quality": SPLIT, "public_communication": {**SPLIT, "citizens": "0.3"}}},
            r"^policy: parts\.public_communication: the weights must sum to exactly 1",
        ),
        ({"parts_required": "some"}, "one of any, all"),
        ({"shrinkage": {"prior_strength": 10, "prior": "0.9"}}, r"shrinkage\.prior must be a number from 1 to 4"),
        ({"shrinkage": {"prior_strength": -1, "prior": "3"}}, "whole number from 0 to 10000"),
        ({"minimum_ratings": 0}, "minimum_ratings must be a whole number from 1 to 10000"),
        ({"minimum_ratings": "10"}, "whole number"),
        ({"counter_weight": "1.5"}, "counter_weight must be a number from 0 to 1"),
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
        ({"bands": [{"code": "good", "lower": "0"}]}, r"^policy: bands\[0\]\.code must be a code of capitals"),
        ({"bands": [{"code": "A", "lower": "9"}, {"code": "A", "lower": "0"}]}, "only once"),
        ({"bands": "A"}, "must be a list"),
        ({"wieghts": {}}, "unknown wieghts"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        policy_from_mapping(policy_document(**changes))


SHRINKAGE = {"prior_strength": 10, "prior": "3.0"}


def changed(name: str, value: object) -> dict[str, object]:
    """The shipped policy with one number changed; a shrinkage's number is named `shrinkage.prior`."""
    section, _, key = name.rpartition(".")
    if section:
        return policy_document(**{section: {**SHRINKAGE, key: value}})
    if name == "bands":
        return policy_document(bands=[{"code": "TOP", "lower": value}, {"code": "REST", "lower": "0"}])
    return policy_document(**{name: value})


# (number, the lowest value, just below it, the highest value, just above it)
LIMITS = [
    ("version", 1, 0, 2**31 - 1, 2**31),
    ("shrinkage.prior_strength", 0, -1, 10_000, 10_001),
    ("shrinkage.prior", "1", "0.9999", "4", "4.0001"),
    ("minimum_ratings", 1, 0, 10_000, 10_001),
    ("counter_weight", "0", "-0.0001", "1", "1.0001"),
    ("minimum_assessed_weight", "0", "-0.0001", "1", "1.0001"),
    ("bands", "0.01", "0", "100", "100.01"),
]


@pytest.mark.parametrize(("name", "lowest", "below", "highest", "above"), LIMITS)
def test_a_number_of_a_policy_may_reach_its_limits_and_not_pass_them(
    name: str, lowest: object, below: object, highest: object, above: object
) -> None:
    for value in (lowest, highest):
        policy_from_mapping(changed(name, value))
    for value in (below, above):
        with pytest.raises(RuleError, match=name):
            policy_from_mapping(changed(name, value))


@pytest.mark.parametrize(
    ("name", "exact", "too_exact"),
    [
        ("shrinkage.prior", "3.1234", "3.12345"),
        ("counter_weight", "0.1234", "0.12345"),
        ("minimum_assessed_weight", "0.1234", "0.12345"),
        ("bands", "76.61", "76.615"),
    ],
)
def test_a_number_of_a_policy_has_no_more_decimals_than_the_integers_of_a_batch(
    name: str, exact: str, too_exact: str
) -> None:
    policy_from_mapping(changed(name, exact))
    with pytest.raises(RuleError, match="decimals"):
        policy_from_mapping(changed(name, too_exact))


@pytest.mark.parametrize("section", ["policy", "parts", "shrinkage"])
def test_a_misspelt_rule_is_refused_in_every_section(section: str) -> None:
    document: dict[str, Any] = policy_document()
    place = document if section == "policy" else document[section]
    place["extra"] = "1"
    with pytest.raises(RuleError, match=r"^policy: .*unknown extra; known are"):
        policy_from_mapping(document)


def test_data_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(RuleError, match=r"^policy: expected a mapping, not list"):
        policy_from_mapping([])


def test_a_policy_of_the_semesters_first_day_is_in_force() -> None:
    old = shipped_policy(effective_from="2026-01-01")
    new = shipped_policy(effective_from="2026-07-01", version=2)
    assert policy_for(Half(date(2026, 7, 1)), [old, new]) is new
    assert policy_for(Half(date(2026, 1, 1)), [old, new]) is old


def test_a_policy_made_inside_a_semester_waits_for_the_next() -> None:
    old = shipped_policy(effective_from="2026-01-01")
    new = shipped_policy(effective_from="2026-07-02", version=2)
    corrected = shipped_policy(effective_from="2026-07-02", version=3)
    assert policy_for(Half(date(2026, 7, 1)), [new, old]) is old
    assert policy_for(Half(date(2027, 1, 1)), [corrected, new, old]) is corrected
    with pytest.raises(PolicyError, match="in force on 2025-07-01"):
        policy_for(Half(date(2025, 7, 1)), [new, old])


@pytest.mark.parametrize("length", [1, 500])
def test_a_text_of_a_policy_has_1_to_500_characters(length: int) -> None:
    assert shipped_policy(decree="x" * length).decree == "x" * length
    with pytest.raises(RuleError, match=r"^policy: decree must be text of 1 to 500"):
        shipped_policy(decree="x" * 501)


def test_a_wrong_date_is_refused_with_its_place() -> None:
    with pytest.raises(RuleError, match=r"^policy: effective_from must be a date"):
        shipped_policy(effective_from=2026)
