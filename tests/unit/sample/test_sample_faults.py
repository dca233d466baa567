"""The sample handles closed connections and busy services; when it fails, the system goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from embedded.up import live_or_say
from sample import city as module
from sample.city import City
from sample.office import OFFICE
from sample.play import Play
from tests.fixtures.logs import captured_logs

PAGE = {"items": [{"nip": "1"}], "next": None}
Answer = Callable[[httpx.Request], httpx.Response]


class Server:
    """Breaks the first connections, is busy for the next one, then answers."""

    def __init__(self, broken: int) -> None:
        self.broken = broken
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if len(self.requests) <= self.broken:
            raise httpx.ReadError("")
        if len(self.requests) == self.broken + 1:
            return httpx.Response(503)
        return httpx.Response(200, json=PAGE | {"url": "http://testserver/f/x"})


@pytest.fixture
async def city(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[City]:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)
    found = City("http://testserver", "a key")
    yield found
    await found.close()


def answered_by(city: City, answer: Answer) -> None:
    for name in ("operator", "public"):
        setattr(city, name, httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url=city.url))


async def test_a_request_whose_connection_broke_is_repeated(city: City) -> None:
    server = Server(broken=2)
    answered_by(city, server)
    assert await city.pages("/scores/v1/employees") == PAGE["items"]
    assert len(server.requests) == 4


async def test_a_repeated_visit_is_the_same_visit(city: City) -> None:
    server = Server(broken=1)
    answered_by(city, server)
    officer = OFFICE[0].officers[0]
    city.ids[officer.nip] = "an id"
    for _ in range(2):
        await city.visit(officer, "KTP-el")
    keys = [request.headers["Idempotency-Key"] for request in server.requests]
    assert len(keys) == 4
    assert len(set(keys[:3])) == 1
    assert keys[3] != keys[0]


async def test_a_server_that_never_answers_is_an_error_and_so_is_a_refusal(city: City) -> None:
    answered_by(city, Server(broken=1_000))
    with pytest.raises(httpx.ReadError):
        await city.ask("GET", "/scores/v1/employees")
    answered_by(city, lambda _: httpx.Response(403, text="not this key"))
    with pytest.raises(RuntimeError, match="403 not this key"):
        await city.ask("GET", "/scores/v1/employees")


async def test_a_sample_that_fails_says_so_and_ends_nothing_else(
    city: City, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answered_by(city, lambda _: httpx.Response(403, text="not this key"))
    city.ids = {officer.nip: "an id" for _, officer in city.everyone()}
    faults: list[Exception] = []
    with captured_logs() as out:
        await live_or_say(Play(city, tmp_path, "Asia/Jakarta", Console(log_path=False)), faults)
    assert len(faults) == 1
    told = capsys.readouterr().out
    assert "the sample office has ended: RuntimeError" in told
    assert "403" in told
    assert "sample_ended" in out.getvalue()
