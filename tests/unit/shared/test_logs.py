"""What an operator reads: one JSON object a line, no personal data, and no flood while the broker is away."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from shared import logs
from shared.logs import KINDS_MAX, FewerRepeats


@pytest.fixture
def lines() -> Iterator[Any]:
    """What was written since, read as JSON; afterwards logging is as it was."""
    kafka = logging.getLogger("aiokafka")  # the doctor makes it silent
    kafka_level = kafka.level
    kafka.setLevel(logging.NOTSET)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    logs.configure(stream=out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    kafka.setLevel(kafka_level)
    structlog.reset_defaults()


def test_our_words_and_those_of_libraries_are_json_lines(lines: Any) -> None:
    logs.logger("shared.relay").warning("relay_waits", seconds=0.2)
    for _ in range(3):
        logging.getLogger("aiokafka.conn").error("Unable connect to %s", "kafka:9092")
    ours, theirs = lines()
    assert (ours["event"], ours["module"], ours["seconds"], ours["level"]) == (
        "relay_waits", "shared.relay", 0.2, "warning",
    )  # fmt: skip
    assert (theirs["event"], theirs["level"]) == ("Unable connect to kafka:9092", "error")


@pytest.mark.parametrize("field", sorted(logs.FORBIDDEN_FIELDS))
def test_personal_data_and_secrets_are_withheld(lines: Any, field: str) -> None:
    logs.logger("test").info("slip", **{field: "199608182022041001"})
    assert "199608182022041001" not in json.dumps(lines())
    assert lines()[0][field] == "[withheld]"


def said(name: str, words: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, words, values, None)


def test_the_kafka_client_says_a_thing_once_in_ten_seconds_and_then_how_often() -> None:
    now = 100.0
    fewer = FewerRepeats(10.0, lambda: now)
    assert fewer.filter(said("aiokafka.conn", "Unable connect to %s", "a"))
    assert not any(fewer.filter(said("aiokafka.conn", "Unable connect to %s", "a")) for _ in range(500))
    assert fewer.filter(said("aiokafka.conn", "Unable connect to %s", "b"))
    now += 10.0
    again = said("aiokafka.conn", "Unable connect to %s", "a")
    assert fewer.filter(again)
    assert again.getMessage() == "Unable connect to a (and 500 times before)"
    now += 10.0
    last = said("aiokafka.conn", "Unable connect to %s", "a")
    assert fewer.filter(last)
    assert last.getMessage() == "Unable connect to a"


def test_others_are_never_held_back_and_the_memory_is_bounded() -> None:
    fewer = FewerRepeats(10.0, lambda: 100.0)
    assert all(fewer.filter(said("uvicorn.error", "Exception in ASGI application")) for _ in range(3))
    assert all(fewer.filter(said("aiokafka", f"node {n}")) for n in range(KINDS_MAX * 3))
    assert len(fewer._said) <= KINDS_MAX
