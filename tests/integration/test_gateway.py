"""The gateway as the stack runs it: machines' networks, paths and port, and whose word on an address it passes on."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from embedded.children import free_port
from services.attendance.routes.iclock import STRANGER
from tests.fixtures.engine import needs_engine

pytestmark = [pytest.mark.containers, needs_engine]

CADDY = Path(__file__).resolve().parents[2] / "deploy" / "caddy"
# Answers with who it is and what it was told of the client.
UPSTREAM = """
import http.server, sys
class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{sys.argv[1]} {self.headers.get('X-Forwarded-For')} {self.headers.get('Host')}".encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("", 8000), Echo).serve_forever()
"""
NETWORK = "kinerja-test-gateway"


def docker(*arguments: str, check: bool = True) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def upstreams() -> Iterator[str]:
    network = f"{NETWORK}-{free_port()}"
    docker("network", "create", network)
    names = ("attendance", "scoring")
    started = []
    try:
        for name in names:
            alias = ("--network", network, "--network-alias", name)
            run = ("run", "--detach", *alias, "python:3.13-slim", "python", "-c", UPSTREAM, name)
            started.append(docker(*run))
        yield network
    finally:
        docker("rm", "--force", *started, check=False)
        docker("network", "rm", network, check=False)


@contextmanager
def gateway(network: str, **environment: str) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Clients of its port and of the machines' own."""
    port, machine_port = free_port(), free_port()
    values = {"SITE": ":8080"} | environment
    options = [part for name, value in values.items() for part in ("--env", f"{name}={value}")]
    publish = ("--publish", f"127.0.0.1:{port}:8080", "--publish", f"127.0.0.1:{machine_port}:8081")
    mount = f"{CADDY}:/etc/caddy:ro"
    container = docker("run", "--detach", "--network", network, *publish, *options, "--volume", mount, "caddy:2")
    try:
        with (
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as http,
            httpx.Client(base_url=f"http://127.0.0.1:{machine_port}", timeout=10, trust_env=False) as machines,
        ):
            for _ in range(100):
                try:
                    if http.get("/").is_success:
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.1)
            yield http, machines
    finally:
        docker("rm", "--force", container)


def test_a_client_s_own_word_on_its_address_is_dropped(upstreams: str) -> None:
    with gateway(upstreams) as (http, machines):
        told = http.get("/iclock/ping", headers={"X-Forwarded-For": "10.1.2.3"}).text.split()
        assert told[0] == "attendance"
        assert "10.1.2.3" not in told[1]
        assert machines.get("/iclock/ping", headers={"Host": "label.adms.example.go.id"}).text.split()[2] == (
            "label.adms.example.go.id"
        )


def test_a_proxy_s_word_is_passed_on_if_it_is_named(upstreams: str) -> None:
    with gateway(upstreams, TRUSTED_PROXIES="172.16.0.0/12 192.168.0.0/16 10.0.0.0/8") as (http, _):
        told = http.get("/scores/v1/canary", headers={"X-Forwarded-For": "203.0.113.9"}).text
        assert told.startswith("scoring 203.0.113.9, ")


def test_machines_paths_are_none_to_other_networks(upstreams: str) -> None:
    with gateway(upstreams, MACHINE_NETWORKS="203.0.113.0/24 2001:db8::/32") as (http, machines):
        for client in (http, machines):
            for path in ("/iclock", "/iclock/cdata?SN=M1&options=all", "/iclock/getrequest.aspx?SN=M1"):
                refused = client.get(path)
                assert (refused.status_code, refused.text) == (404, STRANGER)
        assert http.get("/attendance/health/live").text.startswith("attendance ")
        assert http.get("/my/x").text.startswith("scoring ")


def test_on_a_port_of_their_own_machines_are_served_there_only_and_nothing_else(upstreams: str) -> None:
    with gateway(upstreams, MACHINE_PATHS="/attendance") as (http, machines):
        assert machines.get("/iclock/ping").text.startswith("attendance ")
        assert http.get("/iclock/ping").text.startswith("scoring ")  # which has no such path
        for path in ("/", "/attendance/v1/machines", "/scores/v1/canary", "/f/x", "/attendance/metrics", "/iclockx"):
            assert machines.get(path).status_code == 404
