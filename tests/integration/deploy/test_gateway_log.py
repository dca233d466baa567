"""The gateway's log of requests with secrets in every part; services are up, broken or missing."""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from embedded.children import free_port
from tests.fixtures.stores.engine import needs_engine
from tests.fixtures.stores.images import CADDY, PYTHON

pytestmark = [pytest.mark.containers, pytest.mark.timeout(300), needs_engine]

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "k3Yl0nG_tOkEn-of-a-form0123456789abcdefghij"
KEY, COMM_KEY, HOST_LABEL = "0198f3a2.operator-key-secret", "comm-key-4711-secret", "k7q2x9label"
NAME, NIP, MAIL, ADDRESS = "Rumiati-Sikumbang", "198705122010012017", "rumiati@example.go.id", "203.0.113.77"
PLANTED = (TOKEN, TOKEN[:12], KEY, COMM_KEY, HOST_LABEL, NAME, NIP, MAIL, ADDRESS)
PATHS = (
    f"/f/{TOKEN}", f"/f/{TOKEN}/x", f"/my/{TOKEN}?semester=2026-S2", f"/notices/inbox/{TOKEN}", f"/%66/{TOKEN}",
    f"//f/{TOKEN}", f"/./my/{TOKEN}", f"/F/{TOKEN}", f"/f%2F{TOKEN}", f"/{TOKEN}", f"/feedback/{TOKEN}",
    f"/iclock/cdata?SN=1&pushcommkey={COMM_KEY}", f"/attendance/v1/employees?nip={NIP}&name={NAME}",
    f"/attendance/v1/{NAME}/{NIP}", f"/scores/v1/employees/{MAIL}", f"/?q={MAIL}",
)  # fmt: skip
UPSTREAM = """
import http.server, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        if "/broken" in self.path:
            self.close_connection = True; self.connection.shutdown(2); return
        body = self.headers.get("X-Forwarded-For", "").encode()
        self.send_response(200)
        self.send_header("Set-Cookie", "session=%s" % self.path)
        self.send_header("Location", self.path)
        if "/endless" in self.path:
            self.end_headers()
            while True:
                self.wfile.write(b"x" * 65536)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST = do_PUT = answer
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""


class Gateway:
    """Caddy with our settings; `attendance`, `feedback` and `scoring` are one tiny server; notifications is down."""

    def __init__(self, container: Any, port: int, machine_port: int) -> None:
        self._container = container
        self.port = port
        self.machines = f"http://127.0.0.1:{machine_port}"
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            timeout=30,
            headers={
                "Host": f"{HOST_LABEL}.machines.example.go.id", "Authorization": f"Bearer {KEY}", "Cookie": f"a={NIP}",
                "X-Forwarded-For": ADDRESS, "Forwarded": f"for={ADDRESS}", "Referer": f"http://h/f/{TOKEN}",
                "User-Agent": NAME, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
            },
        )  # fmt: skip

    def log(self) -> str:
        out, err = self._container.get_logs()
        return str((out + err).decode())

    def lines(self) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in found if "request" in line]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    port = free_port()
    with Network() as network:
        upstream = DockerContainer(PYTHON).with_command(["python", "-c", UPSTREAM])
        upstream.with_network(network).with_network_aliases("attendance", "feedback", "scoring")
        caddy = DockerContainer(CADDY).with_volume_mapping(str(ROOT / "deploy/caddy"), "/etc/caddy", "ro")
        caddy.with_network(network).with_name(f"kinerja-gateway-{uuid4().hex[:8]}")
        machine_port = free_port()
        caddy.ports |= {"8080": ("127.0.0.1", port), "8081": ("127.0.0.1", machine_port)}
        with upstream, caddy:
            found = Gateway(caddy, port, machine_port)
            deadline = time.monotonic() + 60
            while True:
                try:
                    if found.http.get("/scores/health/ready").status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                assert time.monotonic() < deadline, found.log()
                time.sleep(0.2)
            yield found


def test_the_log_holds_nothing_of_who_asked_and_no_link(gateway: Gateway) -> None:
    client = gateway.http.get("/attendance/v1/employees").text.split(",")[-1].strip()
    assert re.fullmatch(r"[0-9a-f.:]+", client)  # the client address that the gateway logs
    statuses = [gateway.http.request(method, path).status_code for path in PATHS for method in ("GET", "POST")]
    assert statuses.count(200) > len(PATHS)
    assert statuses.count(502) >= 2  # notifications is down
    for path in (f"/f/{TOKEN}/broken", f"/iclock/broken?pushcommkey={COMM_KEY}"):
        assert gateway.http.get(path).status_code == 502
    _send_raw(gateway.port, f"GET /f/{TOKEN} {NAME} HTTP/1.1\r\n\r\n")
    _send_raw(gateway.port, f"POST /f/{TOKEN} HTTP/1.1\r\nHost: {HOST_LABEL}\r\nContent-Length: 500\r\n\r\nshort")

    for path in (f"/iclock/cdata?SN=1&pushcommkey={COMM_KEY}", f"/f/{TOKEN}", f"/iclock/{TOKEN}?Name={NAME}"):
        gateway.http.post(gateway.machines + path, content=NIP)
    for _ in range(30):  # Caddy logs either that the request was cancelled, or the address to which it could not write
        _leave_in_the_middle(gateway.port, f"/my/{TOKEN}/endless?nip={NIP}")
        time.sleep(0.5)
        if '"write tcp ' in gateway.log():
            break
    written = gateway.log()
    assert '"write tcp ' in written
    assert {line["logger"] for line in gateway.lines()} >= {f"http.log.access.log{number}" for number in (0, 1)}
    for secret in (*PLANTED, client):
        assert secret not in written, secret


def test_the_log_still_says_what_was_asked_how_it_went_and_where_it_failed(gateway: Gateway) -> None:
    for path in (f"/f/{TOKEN}", "/attendance/v1/employees", f"/iclock/cdata?SN={NIP}", f"/notices/inbox/{TOKEN}"):
        gateway.http.get(path)
    seen = {
        (line["request"]["method"], line["request"]["uri"], line["status"])
        for line in gateway.lines()
        if "status" in line
    }
    assert {
        ("GET", "/f", 200),
        ("GET", "/attendance/v1/employees", 200),
        ("GET", "/iclock/cdata", 200),
        ("GET", "/notices", 502),
    } <= seen
    failed = [line for line in gateway.lines() if line["logger"].startswith("http.log.error")]
    assert failed
    for line in failed:
        assert "msg" not in line
        assert "reverseproxy" in line["err_trace"]
    for line in gateway.lines():
        assert set(line["request"]) <= {"proto", "method", "uri"}


def _leave_in_the_middle(port: int, path: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST_LABEL}\r\n\r\n".encode())
        client.recv(100_000)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a TCP reset, no normal close


def _send_raw(port: int, request: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(request.encode())
        client.shutdown(socket.SHUT_WR)
        while client.recv(65_536):
            pass
