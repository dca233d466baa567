"""The rule file for accepting and publishing ratings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.feedback.ratings.rules.intake import intake_rules_from_mapping
from shared.contracts.events.feedback import GROUP_FLOOR

RULES = Path(__file__).resolve().parents[4] / "rules"
DEFAULT: dict[str, Any] = yaml.safe_load((RULES / "feedback/default.yaml").read_text())


def test_the_shipped_rules_are_read() -> None:
    default = intake_rules_from_mapping(DEFAULT)
    assert default.group_minimum == 5
    sample = intake_rules_from_mapping(yaml.safe_load((RULES / "sample/feedback.yaml").read_text()))
    assert sample.group_minimum == GROUP_FLOOR == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"group_minimum": 2}, "group_minimum must be at least 3"),
        ({"group_minimum": 5.5}, "group_minimum"),
        ({"group_minimum": True}, "group_minimum"),
        ({"visit_retention_days": 0}, "visit_retention_days"),
        ({"burst": None}, "burst: expected a mapping, not NoneType"),
        ({"burst": {"ratings": 0, "minutes": 1}}, "burst.ratings"),
        ({"burst": {"ratings": 1, "minutes": "1"}}, "burst.minutes"),
        ({"burst": {}}, "burst.ratings is missing; burst.minutes is missing"),
        ({"publish_after_seconds": {"least": 9, "most": 8}}, "least must not exceed most"),
        ({"publish_after_seconds": {"least": 9}}, "publish_after_seconds.most is missing"),
        ({"group_minimun": 5}, "unknown group_minimun; known are burst, group_minimum, minimum_respondents"),
    ],
)
def test_an_invalid_rule_is_named_in_the_error(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=r"^feedback rules: ") as caught:
        intake_rules_from_mapping(DEFAULT | change)
    assert words in str(caught.value)


def test_a_missing_rule_is_named() -> None:
    with pytest.raises(ValueError, match="group_minimum"):
        intake_rules_from_mapping({name: value for name, value in DEFAULT.items() if name != "group_minimum"})
