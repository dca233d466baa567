"""What an operator reads: one JSON object a line, no personal data, and no flood while the broker is away."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shared.observability import logs
from shared.observability.logs import KINDS_MAX, FewerRepeats
from shared.observability.tracing import continued
from tests.fixtures.logs import captured_logs


@pytest.fixture
def lines() -> Iterator[Any]:
    """What was written since, read as JSON."""
    with captured_logs() as out:
        yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]


def test_our_words_and_those_of_libraries_are_json_lines(lines: Any) -> None:
    logs.logger("shared.messaging.producing.relay").warning("relay_waits", seconds=0.2)
    for _ in range(3):
        logging.getLogger("aiokafka.conn").error("Unable connect to %s", "kafka:9092")
    ours, theirs = lines()
    assert (ours["event"], ours["module"], ours["seconds"], ours["level"]) == (
        "relay_waits", "shared.messaging.producing.relay", 0.2, "warning",
    )  # fmt: skip
    assert (theirs["event"], theirs["level"]) == ("Unable connect to kafka:9092", "error")


def test_a_line_within_a_trace_has_its_id(lines: Any) -> None:
    with continued("GET", [f"00-{'a' * 32}-{'b' * 16}-01"]):
        logs.logger("test").info("inside")
        logging.getLogger("library").warning("inside")
    logs.logger("test").info("outside")
    assert [line.get("trace_id") for line in lines()] == ["a" * 32, "a" * 32, None]


@pytest.mark.parametrize("field", sorted(logs.FORBIDDEN_FIELDS))
def test_personal_data_and_secrets_are_withheld(lines: Any, field: str) -> None:
    logs.logger("test").info("slip", **{field: "199608182022041001"})
    assert "199608182022041001" not in json.dumps(lines())
    assert lines()[0][field] == "[withheld]"


def said(name: str, words: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, words, values, None)


def test_the_kafka_client_does_not_warn_of_what_the_operator_has_chosen(lines: Any) -> None:
    logging.getLogger("aiokafka.conn").warning("Sending username and password in the clear")
    logging.getLogger("aiokafka.conn").warning("another warning")
    assert [line["event"] for line in lines()] == ["another warning"]


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
    assert len(fewer.said) <= KINDS_MAX


def test_a_capture_sees_what_others_silenced_and_keeps_no_logger_to_itself() -> None:
    library, ours = logging.getLogger("uvicorn.error"), logs.logger("test")
    parent, level = library.parent, library.level
    assert parent is not None
    parent.propagate = False  # as uvicorn's own configuration does
    library.setLevel(logging.CRITICAL)
    try:
        for _ in range(2):
            with captured_logs() as out:
                library.error("Exception in ASGI application")
                ours.info("seen")
            assert len(out.getvalue().splitlines()) == 2
        assert (parent.propagate, library.level) == (False, logging.CRITICAL)
    finally:
        parent.propagate = True
        library.setLevel(level)
