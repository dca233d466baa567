"""Clients of our own addresses never use a proxy; those of a public name follow the environment."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from shared.http import client as http_client

ROOT = Path(__file__).resolve().parents[4]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def server() -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())  # a proxy receives the whole URL

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


def set_proxies(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name in PROXIES:
        monkeypatch.setenv(name, url)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "nonsense"])
async def test_our_own_addresses_are_reached_without_the_environments_proxy(
    monkeypatch: pytest.MonkeyPatch, server: str, proxy: str
) -> None:
    set_proxies(monkeypatch, proxy)
    with http_client.client(server) as http:
        assert http.get("/own").text == "/own"
    async with http_client.async_client(server) as asyncio_http:
        assert (await asyncio_http.get("/own")).text == "/own"


def test_a_public_name_is_reached_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    set_proxies(monkeypatch, server)
    with http_client.client("http://kinerja.example.go.id") as http:
        assert http.get("/scores").text == "http://kinerja.example.go.id/scores"


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True), ("127.0.0.1", True), ("[::1]", True), ("gateway", True), ("10.1.2.3", True), ("172.18.0.4", True),
        ("kinerja.example.go.id", False), ("8.8.8.8", False), ("x.localhost", True),
    ],
)  # fmt: skip
def test_what_is_local(host: str, local: bool) -> None:
    assert http_client.is_local(host) is local


def test_certificates_that_the_operator_names_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")  # trusts no authority
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    context = http_client.trust("https://127.0.0.1")["verify"]
    assert context.get_ca_certs() == []


def test_every_client_is_made_in_one_place() -> None:
    found = [
        file
        for folder in ("cli", "embedded", "sample", "services", "shared", "tests/bench")
        for file in (ROOT / folder).rglob("*.py")
        if re.search(r"httpx\.((Async)?Client|get|post|put|request|stream)\(", file.read_text())
    ]
    assert found == [ROOT / "shared/http/client.py"]
    assert isinstance(http_client.client("http://127.0.0.1"), httpx.Client)
