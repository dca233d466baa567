"""With OpenTelemetry's variables a service sends spans to a collector; they hold no personal data."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from embedded.postgres import EmbeddedPostgres
from tests.fixtures.stores.postgres import fresh_database

ROOT = Path(__file__).resolve().parents[3]
# In its own process: OpenTelemetry's provider is set once, for all.
WORK = """
import asyncio, json, sys
from shared.observability.trace_export import export_traces, flush_traces
from tests.integration.attendance.city import HEADER, city, person

async def main(url, traceparent):
    async with city(None, database_url=url) as town:
        http, headers = town.http, {"traceparent": traceparent}
        await http.post("/attendance/v1/roster", content=HEADER + person(), headers=headers)
        await town.machine()
        post = {"SN": "M1", "table": "ATTLOG", "Stamp": "1"}
        await http.post("/iclock/cdata", params=post, content=b"1\\t2026-08-04 07:00:00\\t0\\t1\\n", headers=headers)
        await town.punch((await town.officer())["employee_id"], "2026-08-04 07:00")
        await town.work()
        await http.get("/attendance/v1/machines?limit=wrong", headers=headers)
        await http.get("/attendance/v1/employees/0190a5a0-0000-7000-8000-00000000ffff/days/2026-08-04", headers=headers)
        sent = await town.rows("select topic, headers from outbox order by id")
        print(json.dumps([[row.topic, dict(json.loads(row.headers))] for row in sent]))

export_traces("attendance")
asyncio.run(main(*sys.argv[1:]))
flush_traces()
"""


class Collector(http.server.BaseHTTPRequestHandler):
    """Keeps what it receives."""

    bodies: list[bytes]

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    kind = type("Keeping", (Collector,), {"bodies": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", kind.bodies  # type: ignore[attr-defined]
        server.shutdown()


@pytest.mark.embedded
@pytest.mark.parametrize("on", [True, False])
async def test_a_request_its_punches_and_its_day_are_spans(
    embedded_postgres: EmbeddedPostgres, collector: tuple[str, list[bytes]], on: bool
) -> None:
    url, trace = await fresh_database(embedded_postgres), uuid4().hex
    address, bodies = collector
    environment = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": address,
        "OTEL_TRACES_EXPORTER": "otlp" if on else "none",
    }
    command = [sys.executable, "-c", WORK, url, f"00-{trace}-{'b' * 16}-01"]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    events = json.loads(done.stdout.splitlines()[-1])
    assert {headers["traceparent"][3:35] for topic, headers in events if topic == "asn.employee.v1"} == {trace}
    if not on:
        assert bodies == []
        return
    groups = [group for body in bodies for group in ExportTraceServiceRequest.FromString(body).resource_spans]
    attributes = [attribute for group in groups for attribute in group.resource.attributes]
    assert {each.value.string_value for each in attributes if each.key == "service.name"} == {"kinerja-attendance"}
    spans = {span.name: span for group in groups for scope in group.scope_spans for span in scope.spans}
    request = spans["POST /iclock/cdata"]
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (trace, "b" * 16)
    assert {a.key: a.value.string_value or a.value.int_value for a in request.attributes} == {
        "http.request.method": "POST",
        "http.route": "/iclock/cdata",
        "http.response.status_code": 200,
    }
    punches, days = spans["store punches"], spans["compute days"]
    assert (punches.trace_id, punches.parent_span_id) == (request.trace_id, request.span_id)
    assert [(a.key, a.value.int_value) for a in punches.attributes] == [("kinerja.punches", 1)]
    assert days.trace_id != request.trace_id
    [sent] = {headers["traceparent"] for topic, headers in events if topic == "asn.attendance-day.v1"}
    assert sent.startswith(f"00-{days.trace_id.hex()}-{days.span_id.hex()}-")
    assert "GET /attendance/v1/employees/{employee_id}/days/{work_date}" in spans
    for personal in (b"199608182022041001", b"Contoh", b"00000000ffff", b"wrong", b"127.0.0.1", b"testserver"):
        assert not any(personal in body for body in bodies)


SILENT = """
import os
from opentelemetry import trace
from shared.observability.trace_export import export_traces, flush_traces

export_traces("attendance")
trace.get_tracer("test").start_span("one").end()
flush_traces()
print("flushed")
"""


def test_a_collector_that_never_answers_does_not_hold_up_the_end_of_a_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        # the exporter alone would try for ten seconds
        done = subprocess.run(
            [sys.executable, "-c", SILENT],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=8,
            check=False,
        )
    assert (done.returncode, done.stdout) == (0, "flushed\n"), done.stderr
