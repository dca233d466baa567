"""A client that asks too often or guesses waits; a known client at the same address does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.http import rates
from shared.http.rates import Bucket, Guesses, PerMinute, Rates, address_of
from tests.fixtures.services import settings_for

KEY, OTHER_KEY = "Bearer right", "Bearer wrong"


class Service:
    """Knows one key and one link."""

    def __init__(self) -> None:
        self.asked = 0
        self.link_ended = False

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        self.asked += 1
        headers = dict(scope["headers"])
        known = headers.get(b"authorization") == KEY.encode() or scope["path"] in ("/f/right", "/", "/my/right")
        wrong = 404 if scope["path"].startswith(("/f/", "/my/")) else 401
        if self.link_ended and scope["path"] == "/my/right":
            known, wrong = False, 410
        await send({"type": "http.response.start", "status": 200 if known else wrong, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(guard: Any, path: str = "/", *, key: str | None = None, address: str = "10.0.0.1") -> int:
    status = 0

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            if status == 429:
                headers = dict(message["headers"])
                assert 0 < int(headers[b"retry-after"]) <= 60

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [] if key is None else [(b"authorization", key.encode())]
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "client": (address, 1)}
    await guard(scope, receive, send)
    return status


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "SLOW_SECONDS", 0)
    monkeypatch.setattr(rates.time, "monotonic", lambda: 600.0)  # within one minute


def guarded(**limits: int) -> tuple[Rates, Service]:
    service = Service()
    return Rates(service, settings_for("scoring", "postgresql+asyncpg://x/y", **limits)), service


async def test_a_link_may_be_opened_so_often_in_a_minute_from_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    guard, service = guarded(link_requests_per_minute=3)
    statuses = [await ask(guard, "/f/right", address=f"10.0.0.{n}") for n in range(4)]
    assert (statuses, service.asked) == ([200, 200, 200, 429], 3)
    assert await ask(guard, "/") == 200
    monkeypatch.setattr(rates.time, "monotonic", lambda: 661.0)
    assert await ask(guard, "/f/right") == 200


async def test_an_address_may_open_so_many_pages() -> None:
    guard, _ = guarded(page_requests_per_minute=2)
    assert [await ask(guard, f"/{p}/right") for p in ("f", "my", "f")] == [200, 200, 429]
    assert await ask(guard, "/f/right", address="10.0.0.2") == 200
    assert await ask(guard, "/") == 200


async def test_a_key_may_ask_so_often_from_anywhere() -> None:
    guard, _ = guarded(key_requests_per_minute=2)
    assert [await ask(guard, key=KEY, address=f"10.0.0.{n}") for n in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(("path", "key"), [("/my/wrong{}", None), ("/x", OTHER_KEY + "{}")])
async def test_who_guesses_is_held_up_and_nobody_else_at_its_address(path: str, key: str | None) -> None:
    guard, service = guarded(refusals_per_minute=15)  # at most five at once
    assert await ask(guard, key=KEY) == 200
    assert await ask(guard, "/f/right") == 200

    async def guess(number: int, address: str = "10.0.0.1") -> int:
        return await ask(guard, path.format(number), key=key and key.format(number), address=address)

    refused = {await guess(n) for n in range(5)}
    assert refused <= {401, 404}
    asked = service.asked
    assert await guess(5) == 429
    assert service.asked == asked
    assert await ask(guard, key=KEY) == 200
    assert await ask(guard, "/f/right") == 200
    assert await guess(6, "10.0.0.2") in refused


async def test_a_key_that_was_revoked_is_not_known_any_more() -> None:
    guesses = Guesses(2)
    guesses.passed("a", "key")
    for secret in ("x", "key"):
        guesses.refused("a", secret)
    assert not guesses.may_try("a", "key")
    assert guesses.may_try("b", "key")


async def test_a_link_that_has_ended_counts_as_a_guess() -> None:
    guard, service = guarded(refusals_per_minute=15)  # at most five at once
    assert await ask(guard, "/my/right") == 200
    service.link_ended = True
    assert [await ask(guard, "/my/right") for _ in range(6)] == [410] * 5 + [429]


async def test_a_secret_that_passed_is_known_for_ten_minutes_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    guesses = Guesses(2)
    guesses.passed("a", "key")
    for seconds, known in ((599, True), (600, False)):
        monkeypatch.setattr(rates.time, "monotonic", lambda at=600.0 + seconds: at)
        assert guesses.knows("a", "key") is known


async def test_one_address_takes_so_many_answers_at_once() -> None:
    leave = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await leave.wait()
        await Service()(scope, receive, send)

    guard = Rates(slow, settings_for("scoring", "postgresql+asyncpg://x/y", requests_at_once=3))
    waiting = [asyncio.create_task(ask(guard)) for _ in range(3)]
    await asyncio.sleep(0)
    assert await ask(guard) == 429
    other = asyncio.create_task(ask(guard, address="10.0.0.2"))
    await asyncio.sleep(0)
    leave.set()
    assert [await one for one in (*waiting, other)] == [200] * 4
    assert await ask(guard) == 200


def test_counters_end_with_their_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = PerMinute(1)
    assert [counter.hit("a"), counter.hit("a"), counter.hit("b")] == [True, False, True]
    monkeypatch.setattr(rates.time, "monotonic", lambda: 660.0)
    assert counter.hit("a")


def test_a_bucket_takes_a_third_at_once_and_then_what_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket(30)
    for _ in range(10):
        assert not bucket.full("a")
        bucket.add("a")
    assert bucket.full("a")
    assert not bucket.full("b")
    monkeypatch.setattr(rates.time, "monotonic", lambda: 601.9)
    assert bucket.full("a")
    monkeypatch.setattr(rates.time, "monotonic", lambda: 602.0)
    assert not bucket.full("a")
    bucket.add("a")
    assert bucket.full("a")
    monkeypatch.setattr(rates.time, "monotonic", lambda: 700.0)
    assert bucket.level("a") == 0


def test_empty_buckets_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "KNOWN_MAX", 3)
    bucket = Bucket(30)
    for key in "abc":
        bucket.add(key)
    monkeypatch.setattr(rates.time, "monotonic", lambda: 700.0)
    bucket.add("d")
    assert set(bucket.levels) == {"d"}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_what_one_customer_has(address: str, expected: str) -> None:
    assert address_of({"type": "http", "client": (address, 1)}) == expected
    assert address_of({"type": "http", "client": None}) == ""
