"""Writes the corpus of a contract version, once: `python -m tests.contract.events.corpus.make` adds what is missing.

Existing files stay as they are: they stand for bytes that are already stored on topics.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from shared.contracts.envelope import STRUCTURED_CONTENT_TYPE, encode
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import ALL_TOPICS, Topic

FOLDER = Path(__file__).parent / "v1"
EVENT_ID = UUID("0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f77")
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _entries(topic: Topic[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, example in enumerate(EXAMPLES[topic.name], start=1):
        record = topic.model.model_validate(example)
        full = encode(topic, record, source="corpus", event_id=EVENT_ID, traceparent=TRACEPARENT)
        expected = json.loads(full.value)
        yield f"{topic.name}.{number}.full", _entry(full.headers, full.value, expected)

        bare = orjson.dumps(record.model_dump(mode="json", exclude_defaults=True))
        yield f"{topic.name}.{number}.minimal", _entry(full.headers, bare, expected)

        attributes = {
            name.removeprefix("ce_"): value.decode() for name, value in full.headers if name.startswith("ce_")
        }
        event = orjson.dumps({**attributes, "datacontenttype": "application/json", "data": expected})
        headers = (("content-type", STRUCTURED_CONTENT_TYPE.encode()),)
        yield f"{topic.name}.{number}.structured", _entry(headers, event, expected)


def _entry(headers: tuple[tuple[str, bytes], ...], value: bytes, expected: dict[str, Any]) -> dict[str, Any]:
    return {"headers": [[name, _text(content)] for name, content in headers], "value": _text(value), "record": expected}


def main() -> None:
    """Adds the missing files."""
    FOLDER.mkdir(exist_ok=True)
    for topic in ALL_TOPICS:
        for name, entry in _entries(topic):
            path = FOLDER / f"{name}.json"
            if not path.exists():
                path.write_text(json.dumps(entry, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
