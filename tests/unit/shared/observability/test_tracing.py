"""A trace continues, or begins, also when no exporter records it."""

from __future__ import annotations

import asyncio
import re
from uuid import uuid4

import pytest

from shared.observability.trace_export import wanted
from shared.observability.tracing import continued, current_trace_id, current_traceparent, step

TRACE, OTHER = uuid4().hex, uuid4().hex
HEADER = f"00-{TRACE}-{'b' * 16}-01"


def test_a_callers_trace_continues_without_an_exporter() -> None:
    with continued("GET", [HEADER]):
        assert current_trace_id() == TRACE
        with step("step"):
            assert current_traceparent() == HEADER
    assert current_traceparent() is None


@pytest.mark.parametrize(
    "received", [[], ["junk"], [f"00-{'0' * 32}-{'b' * 16}-01"], [f"00-{TRACE}-{'0' * 16}-01"], ["\x00"]]
)
def test_without_a_valid_header_a_new_trace_begins(received: list[str]) -> None:
    found = set()
    for _ in range(2):
        with continued("GET", received):
            header = current_traceparent()
            assert header is not None
            assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", header)
            found.add(header[3:35])
    assert len(found - {TRACE}) == 2


def test_a_batch_of_several_traces_begins_its_own() -> None:
    with continued("consume", [HEADER, f"00-{OTHER}-{'c' * 16}-01"]):
        assert current_trace_id() not in {TRACE, OTHER, None}
    with continued("consume", [HEADER, f"00-{TRACE}-{'c' * 16}-01"]):
        assert current_trace_id() == TRACE


async def test_tasks_beside_each_other_have_their_own_traces() -> None:
    async def work(header: str) -> str | None:
        with continued("GET", [header]):
            await asyncio.sleep(0.01)
            return current_trace_id()

    assert await asyncio.gather(work(HEADER), work(f"00-{OTHER}-{'c' * 16}-01")) == [TRACE, OTHER]


@pytest.mark.parametrize(
    ("environment", "exports"),
    [
        ({}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces", "OTEL_TRACES_EXPORTER": ""}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_the_standard_variables_switch_the_export(environment: dict[str, str], exports: bool) -> None:
    assert wanted(environment) is exports
