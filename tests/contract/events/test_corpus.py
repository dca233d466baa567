"""The present models read bytes that are already stored on topics, with the same meaning."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.contracts.envelope import decode_record
from shared.contracts.topics import ALL_TOPICS, Topic

CORPUS = sorted((Path(__file__).parent / "corpus").glob("v*/*.json"))
TOPICS = {topic.name: topic for topic in ALL_TOPICS}


def _read(path: Path) -> tuple[Topic[Any], list[tuple[str, bytes | None]], bytes, dict[str, Any]]:
    entry = json.loads(path.read_text())
    headers: list[tuple[str, bytes | None]] = [(name, base64.b64decode(value)) for name, value in entry["headers"]]
    topic = TOPICS[path.name.rsplit(".", 3)[0]]
    return topic, headers, base64.b64decode(entry["value"]), entry["record"]


def test_every_topic_has_full_minimal_and_structured_bytes() -> None:
    names = {path.stem for path in CORPUS}
    for topic in TOPICS:
        assert {f"{topic}.1.full", f"{topic}.1.minimal", f"{topic}.1.structured"} <= names


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_old_bytes_mean_what_they_meant(path: Path) -> None:
    topic, headers, value, expected = _read(path)
    present = decode_record(topic, headers, value).model_dump(mode="json")
    assert present | expected == present  # a field that was added later may have its default


@pytest.mark.parametrize("path", [p for p in CORPUS if ".full." in p.name], ids=lambda path: path.stem)
def test_unknown_fields_are_ignored_at_every_depth(path: Path) -> None:
    topic, headers, value, _ = _read(path)

    def with_more(part: Any) -> Any:
        if isinstance(part, dict):
            inner = {name: content if name == "ratings" else with_more(content) for name, content in part.items()}
            return {**inner, "from_the_future": {"x": [1]}}
        return [with_more(item) for item in part] if isinstance(part, list) else part

    richer = orjson.dumps(with_more(orjson.loads(value)))
    assert richer != value
    assert decode_record(topic, headers, richer) == decode_record(topic, headers, value)
