"""The limits of a body, by any method, before it is parsed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest

from shared.errors.errors import UnavailableError
from shared.http import bodies
from shared.http.bodies import BODY_BYTES_MAX, SMALL_BYTES, Allowed, Bodies, HeldBytes


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "REFUSED_SECONDS", 0)


class Seen:
    """An app that reads the whole body."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        self.sizes.append(size)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(
    guard: Bodies, chunks: Iterable[bytes], *, method: str = "POST", length: int | str | None = None, gone: bool = False
) -> tuple[int | None, int]:
    """The status, and how many chunks were read."""
    waiting, taken, status = list(chunks), 0, None

    async def receive() -> dict[str, Any]:
        nonlocal taken
        if not waiting:
            return {"type": "http.disconnect"} if gone else {"type": "http.request", "body": b"", "more_body": False}
        taken += 1
        return {"type": "http.request", "body": waiting.pop(0), "more_body": gone or bool(waiting)}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    await guard({"type": "http", "method": method, "path": "/x", "headers": headers}, receive, send)
    return status, taken


def allowing(most: int, amplification: int = 1) -> Callable[[Any], Awaitable[Allowed]]:
    async def allowance(_: Any) -> Allowed:
        return Allowed(most, amplification)

    return allowance


MIB = 1_048_576
ORDINARY = allowing(BODY_BYTES_MAX)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE"])
async def test_every_method_s_body_is_bounded_before_the_app_sees_it(method: str) -> None:
    seen = Seen()
    guard = Bodies(seen, ORDINARY)
    status, taken = await ask(guard, [b"x" * MIB] * 256, method=method)
    assert (status, seen.sizes) == (413, [])
    assert taken <= 2
    assert await ask(guard, [], method=method, length=256 * MIB) == (413, 0)
    assert await ask(guard, [b"x" * SMALL_BYTES], method=method) == (200, 1)
    assert seen.sizes == [SMALL_BYTES]


async def test_a_body_at_the_limit_passes_and_one_byte_more_does_not() -> None:
    seen = Seen()
    guard = Bodies(seen, ORDINARY)
    assert (await ask(guard, [b"x" * BODY_BYTES_MAX], length=BODY_BYTES_MAX))[0] == 200
    assert (await ask(guard, [b"x" * BODY_BYTES_MAX, b"x"]))[0] == 413
    assert seen.sizes == [BODY_BYTES_MAX]


async def test_a_path_may_allow_more_and_is_asked_only_for_large_bodies() -> None:
    asked = 0

    async def allowance(_: Any) -> Allowed:
        nonlocal asked
        asked += 1
        return Allowed(4 * MIB, 1)

    guard = Bodies(Seen(), allowance)
    assert (await ask(guard, [b"x" * 1_000]))[0] == 200
    assert asked == 0
    assert (await ask(guard, [b"x" * MIB] * 4))[0] == 200
    assert (await ask(guard, [b"x" * MIB] * 5))[0] == 413


async def test_an_allowance_below_a_small_body_is_a_small_body() -> None:
    guard = Bodies(Seen(), allowing(0))
    assert (await ask(guard, [b"x" * SMALL_BYTES]))[0] == 200
    assert (await ask(guard, [b"x" * SMALL_BYTES, b"x"]))[0] == 413


async def test_large_bodies_share_what_the_process_may_hold_and_give_it_back() -> None:
    held = HeldBytes(most=2 * MIB)
    inside, leave = asyncio.Event(), asyncio.Event()

    async def slow(_scope: Any, receive: Any, send: Any) -> None:
        inside.set()
        await leave.wait()
        await Seen()(_scope, receive, send)

    first = asyncio.create_task(ask(Bodies(slow, allowing(4 * MIB), held), [b"x" * MIB] * 2, length=2 * MIB))
    await inside.wait()
    other = Bodies(Seen(), allowing(4 * MIB), held)
    assert (await ask(other, [b"x" * 70_000], length=70_000))[0] == 503
    assert (await ask(other, [b"x" * SMALL_BYTES]))[0] == 200
    leave.set()
    assert (await first)[0] == 200
    assert held.held == 0
    assert (await ask(other, [b"x" * 70_000], length=70_000))[0] == 200


async def test_what_a_byte_may_become_counts_against_what_the_process_may_hold() -> None:
    held = HeldBytes(most=2 * MIB)
    assert (await ask(Bodies(Seen(), allowing(MIB, 32), held), [b"x" * 70_000]))[0] == 503
    assert (await ask(Bodies(Seen(), allowing(MIB, 16), held), [b"x" * 70_000]))[0] == 200
    assert held.held == 0


async def test_what_is_refused_or_cut_off_is_given_back_too() -> None:
    held = HeldBytes(most=2 * MIB)
    guard = Bodies(Seen(), allowing(MIB), held)
    assert (await ask(guard, [b"x" * MIB, b"x"]))[0] == 413
    assert await ask(guard, [b"x" * MIB], gone=True) == (None, 1)
    assert held.held == 0


async def test_a_body_that_was_cut_off_reaches_no_app() -> None:
    seen = Seen()
    assert await ask(Bodies(seen, ORDINARY), [b"half"], gone=True) == (None, 1)
    assert (await ask(Bodies(seen, ORDINARY), [b"half"], length=8))[0] == 400
    assert seen.sizes == []


@pytest.mark.parametrize(("key", "taken"), [(None, 0), (b"Bearer x", 16)])
async def test_who_brings_a_key_sees_why_a_large_body_is_refused(key: bytes | None, taken: int) -> None:
    """Otherwise a client that still sends sees a broken connection; nothing beyond 16 MiB is read."""
    left, answered = [b"x" * MIB] * 20, 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(), "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        nonlocal answered
        answered = message.get("status", answered)

    headers = [(b"content-length", str(20 * MIB).encode())] + ([(b"authorization", key)] if key else [])
    await Bodies(Seen(), ORDINARY)({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive, send)
    assert (answered, (20 - len(left)) // 17 * 16) == (413, taken)


@pytest.mark.parametrize("length", ["-1", "1_0", "٣", "9" * 16, "x", ""])
async def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    assert (await ask(Bodies(Seen(), ORDINARY), [b"x"], length=length))[0] == 400


async def test_a_body_that_comes_too_slowly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS_MAX", 0.05)
    status = None

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    await Bodies(Seen(), ORDINARY)({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send)
    assert status == 408


async def test_where_the_allowance_needs_the_store_and_it_is_away_the_client_shall_come_again() -> None:
    async def away(_: Any) -> Allowed:
        raise UnavailableError("away")

    assert (await ask(Bodies(Seen(), away), [b"x" * 70_000], length=70_000))[0] == 503
