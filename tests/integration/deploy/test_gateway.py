"""The gateway as the stack runs it: machine networks, paths and port, and which client address it trusts."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from embedded.children import free_port
from services.attendance.iclock.routes import UNKNOWN_MACHINE
from shared.errors.problem_types import NO_ANSWER, NO_SUCH_ADDRESS
from shared.settings.url_space import ROUTES
from tests.fixtures.stores.engine import needs_engine
from tests.fixtures.stores.images import CADDY as CADDY_IMAGE
from tests.fixtures.stores.images import PYTHON

pytestmark = [pytest.mark.containers, needs_engine]

ROOT = Path(__file__).resolve().parents[3]
CADDY = ROOT / "deploy" / "caddy"
OVERLAYS = sorted(
    file
    for file in (ROOT / "deploy").glob("compose.*.yml")
    if "environment" in (yaml.safe_load(file.read_text().replace("!override", ""))["services"].get("gateway") or {})
)
"""The Compose files that configure the gateway differently from the base file."""
SETUPS = [(), *((overlay,) for overlay in OVERLAYS), tuple(OVERLAYS)]
REQUIRED = {"DOMAIN": "kinerja.example.go.id", "MACHINE_PORT": "8181"}
"""Variables that the overlays require in `.env`."""
PORT, MACHINE_PORT = 8080, 8081
"""Inside the container. The overlay for HTTPS adds 443, which answers like 8080."""
# Answers with its name and the client headers that it received.
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


def docker(*arguments: str, check: bool = True, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=120, check=False, env=env)
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout.strip()


def configured(overlays: tuple[Path, ...]) -> tuple[dict[str, str], set[int]]:
    """The gateway's environment in the composed stack, and its published ports."""
    files = [part for file in (ROOT / "docker-compose.yml", *overlays) for part in ("--file", str(file))]
    config = docker("compose", *files, "config", "--format", "json", env={**os.environ, **REQUIRED})
    composed = json.loads(config)["services"]["gateway"]
    return composed["environment"], {port["target"] for port in composed["ports"]}


def table(routes: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {path: service for prefix, service in routes for path in (prefix, f"{prefix}/*")}


def answers_of(routes: list[Any], paths: tuple[str, ...] = ("*",)) -> Iterator[tuple[str, str]]:
    """Path → who answers (a service, or a status), as Caddy itself reads the Caddyfile, in its order."""
    for route in routes:
        matchers = route.get("match", [{}])
        if any("not" in matcher for matcher in matchers):  # networks other than the machines'
            continue
        matched = tuple(path for matcher in matchers for path in matcher.get("path", ())) or paths
        for handler in route["handle"]:
            if handler["handler"] == "subroute":
                yield from answers_of(handler["routes"], matched)
            elif handler["handler"] == "reverse_proxy":
                [upstream] = handler["upstreams"]
                yield from ((path, upstream["dial"].removesuffix(":8000")) for path in matched)
            else:
                yield from ((path, str(handler["status_code"])) for path in matched)


@pytest.mark.parametrize("overlays", SETUPS, ids=lambda files: "+".join(file.name for file in files) or "base")
def test_the_gateway_s_routes_are_those_of_the_code(overlays: tuple[Path, ...]) -> None:
    environment, published = configured(overlays)
    options = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
    adapt = (CADDY_IMAGE, "caddy", "adapt", "--config", "/etc/caddy/Caddyfile")
    adapted = docker("run", "--rm", "--network", "none", *options, "--volume", f"{CADDY}:/etc/caddy:ro", *adapt)
    servers = json.loads(adapted)["apps"]["http"]["servers"].values()
    answers = {
        int(address.rpartition(":")[2]): list(answers_of(server["routes"]))
        for server in servers
        for address in server["listen"]
    }

    of_machines = {path: service for path, service in table(ROUTES).items() if path.startswith("/iclock")}
    assert of_machines
    everything = table(ROUTES) | {"*/metrics": "404", "*": "scoring"}
    if MACHINE_PORT in published:  # machines use one published port: their own if there is one
        everything = {path: service for path, service in everything.items() if path not in of_machines}
    for port, found in answers.items():
        assert set(found) == set(((of_machines | {"*": "404"}) if port == MACHINE_PORT else everything).items()), port
        assert found[-1][0] == "*", port  # the first match answers
    assert answers.keys() >= {PORT, MACHINE_PORT} | published - {80}  # 80 only redirects to 443


@pytest.fixture(scope="module")
def upstreams() -> Iterator[str]:
    network = f"{NETWORK}-{free_port()}"
    docker("network", "create", network)
    names = ("attendance", "scoring")
    started = []
    try:
        for name in names:
            alias = ("--network", network, "--network-alias", name)
            run = ("run", "--detach", *alias, PYTHON, "python", "-c", UPSTREAM, name)
            started.append(docker(*run))
        yield network
    finally:
        docker("rm", "--force", *started, check=False)
        docker("network", "rm", network, check=False)


@contextmanager
def gateway(network: str, **environment: str) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """HTTP clients of its main port and of the machine port."""
    port, machine_port = free_port(), free_port()
    values = {"SITE": ":8080"} | environment
    options = [part for name, value in values.items() for part in ("--env", f"{name}={value}")]
    publish = ("--publish", f"127.0.0.1:{port}:8080", "--publish", f"127.0.0.1:{machine_port}:8081")
    mount = f"{CADDY}:/etc/caddy:ro"
    container = docker("run", "--detach", "--network", network, *publish, *options, "--volume", mount, CADDY_IMAGE)
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
                assert (refused.status_code, refused.text) == (404, UNKNOWN_MACHINE)
        assert http.get("/attendance/health/live").text.startswith("attendance ")
        assert http.get("/my/x").text.startswith("scoring ")


def test_on_a_port_of_their_own_machines_are_served_there_only_and_nothing_else(upstreams: str) -> None:
    with gateway(upstreams, MACHINE_PATHS="/attendance") as (http, machines):
        assert machines.get("/iclock/ping").text.startswith("attendance ")
        assert http.get("/iclock/ping").text.startswith("scoring ")  # scoring has no such path
        for path in ("/", "/attendance/v1/machines", "/scores/v1/canary", "/f/x", "/attendance/metrics", "/iclockx"):
            assert machines.get(path).status_code == 404


def test_the_gateway_s_own_refusals_say_what_to_do(upstreams: str) -> None:
    with gateway(upstreams) as (http, _):  # notifications is down
        for path, kind in (("/notices/v1/notices", NO_ANSWER), ("/scores/metrics", NO_SUCH_ADDRESS)):
            answer = http.get(path)
            assert answer.headers["content-type"] == "application/problem+json"
            document = answer.json()
            assert (document["type"], document["title"]) == (kind.uri, kind.title)
            assert (answer.status_code, document["status"]) == (kind.status, kind.status)
        assert http.get("/notices/v1/notices").headers["retry-after"] == "5"
        page = http.get("/notices/inbox/x", headers={"Accept": "text/html,*/*;q=0.8"})
        assert (page.status_code, page.headers["content-type"]) == (502, "text/html; charset=utf-8")
        assert "Silakan muat ulang" in page.text
