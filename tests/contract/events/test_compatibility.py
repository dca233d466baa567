"""Checks the present schemas against the released ones, and the check with altered schemas."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.generate import schema_of
from shared.contracts.topics import ALL_TOPICS, SCORE, Topic
from tests.contract.events.compatibility import incompatibilities

RELEASED = Path(__file__).parent / "released"

Doctor = Callable[[dict[str, Any]], object]


def _released(topic: Topic[Any]) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((RELEASED / f"{topic.name}.json").read_text())
    return schema


@pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)
def test_the_present_schema_may_follow_the_released_one(topic: Topic[Any]) -> None:
    assert incompatibilities(_released(topic), schema_of(topic)) == []


def test_every_released_topic_is_still_there() -> None:
    assert {path.stem for path in RELEASED.glob("*.json")} <= {topic.name for topic in ALL_TOPICS}


def test_a_new_optional_field_is_allowed() -> None:
    schema = _released(SCORE)
    schema["properties"]["note_code"] = {"type": "string", "default": ""}
    assert incompatibilities(_released(SCORE), schema) == []


@pytest.mark.parametrize(
    ("doctor", "words"),
    [
        (lambda s: s["properties"].pop("band"), "$.band: the field is gone"),
        (lambda s: s["$defs"]["Indicator"]["properties"].pop("n"), "$.indicators.items.n: the field is gone"),
        (lambda s: s["required"].append("band"), "$.band: the field is newly required"),
        (lambda s: s["required"].remove("as_of"), "$.as_of: the field is no longer required"),
        (lambda s: s["properties"]["complete"].update(type="string"), "$.complete: type boolean is no longer allowed"),
        (lambda s: s["properties"]["score"]["anyOf"].pop(), "$.score: type null is no longer allowed"),
        (lambda s: s["properties"]["state"]["enum"].remove("final"), "$.state: enum was"),
        (lambda s: s["properties"]["state"]["enum"].append("void"), "$.state: enum was"),
        (lambda s: s["properties"]["revision"].update(minimum=2), "$.revision: minimum was 1, is 2: released records"),
        (lambda s: s["properties"]["revision"].update(maximum=10), "$.revision: maximum was"),
        (lambda s: s["properties"]["revision"].pop("minimum"), "$.revision: minimum was 1, is None: released readers"),
        (lambda s: s["properties"]["semester"].update(pattern="^2[0-9]{3}-S[12]$"), "$.semester: pattern was"),
        (lambda s: s["$defs"]["PolicyRef"]["properties"]["decree"].update(maxLength=10), "$.policy.decree: maxLength"),
        (lambda s: s["properties"]["unexcused_days"].update(default=1), "$.unexcused_days: the default was 0, is 1"),
        (lambda s: s.update(additionalProperties=False), "$: unknown fields are no longer ignored"),
    ],
)
def test_a_change_that_breaks_someone_is_named(doctor: Doctor, words: str) -> None:
    doctored = copy.deepcopy(_released(SCORE))
    doctor(doctored)
    found = incompatibilities(_released(SCORE), doctored)
    assert len(found) == 1 or "type" in words
    assert any(line.startswith(words) for line in found), found
