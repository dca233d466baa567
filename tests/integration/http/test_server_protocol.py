"""The server closes a connection whose request head is incomplete or missing; ordinary connections stay open."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from shared.http import server_protocol
from tests.fixtures.faults.raw_http import head, read_answer, served, with_length


async def app(_scope: Any, receive: Any, send: Any) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def closed_after(port: int, sent: bytes, seconds: float = 5) -> bytes:
    """What the server sent before it closed; TimeoutError if it does not close."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    with contextlib.suppress(ConnectionError):
        await writer.drain()
    try:
        async with asyncio.timeout(seconds):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("begin", [b"GET /?", b"GET / HTTP/1.1\r\nX: ", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 9_000])
async def test_a_head_that_does_not_end_is_refused(begin: bytes) -> None:
    async with served(app) as port:
        answer = await closed_after(port, begin + b"x" * 400_000)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


async def test_a_head_that_does_not_come_in_time_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_protocol, "HEAD_SECONDS_MAX", 0.2)
    async with served(app) as port:
        for sent in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n"):
            assert await closed_after(port, sent) == b""
        # neither a request body nor the pause after it is a head
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("POST", "/", "Content-Length: 4") + b"ab")
        await asyncio.sleep(0.5)
        writer.write(b"cd")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_many_requests_on_one_connection_are_no_long_head() -> None:
    async with served(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(200):
            writer.write(with_length("POST", "/", b"x" * 1_000))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()
        assert (await read_answer(port, with_length("POST", "/", b"x" * 500_000))).status == 200


async def test_more_connections_than_allowed_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_protocol, "CONNECTIONS_MAX", 3)
    async with served(app) as port:
        kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert await closed_after(port, head("GET", "/")) == b""
        kept.pop()[1].close()
        await asyncio.sleep(0.1)
        assert (await read_answer(port, head("GET", "/"))).status == 200
        for _, writer in kept:
            writer.close()


ENDLESS = [
    pytest.param(b"0\r\n" + b"a1: b\r\n" * 200_000, id="trailers"),
    pytest.param(b"0\r\na1: " + b"b" * 1_500_000, id="a long trailer"),
    pytest.param(b"1;" + b"e" * 1_500_000, id="a long chunk extension"),
]


@pytest.mark.parametrize("sent", ENDLESS)
async def test_what_is_no_part_of_a_chunked_body_is_bounded(sent: bytes) -> None:
    async with served(app) as port:
        begin = head("POST", "/", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n"
        answer = await closed_after(port, begin + sent)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


async def test_a_trailer_is_no_header() -> None:
    seen: list[Any] = []

    async def remembering(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)
        seen.extend(name for name, _ in scope["headers"])

    async with served(remembering) as port:
        chunked = (
            head("POST", "/", "Transfer-Encoding: chunked", "X-Head: 1") + b"3\r\nabc\r\n0\r\nX-Trailer: 2\r\n\r\n"
        )
        assert (await read_answer(port, chunked)).status == 200
    assert b"x-head" in seen
    assert b"x-trailer" not in seen


async def test_requests_that_wait_for_no_answer_are_bounded() -> None:
    waiting, go_on = 0, asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        nonlocal waiting
        waiting += 1
        await go_on.wait()
        await app(scope, receive, send)

    async with served(slow) as port:
        few = head("GET", "/") * 3
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(few)
        try:
            answer = await closed_after(port, head("GET", "/") * 5_000)
        finally:
            go_on.set()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
        for _ in range(3):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()
    assert waiting == 4  # of the endless connection, only the first request


async def test_a_blank_line_after_an_answer_keeps_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_protocol, "HEAD_SECONDS_MAX", 0.2)
    async with served(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("GET", "/"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.write(b"\r\n")
        async with asyncio.timeout(3):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()
