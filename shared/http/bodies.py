"""Limits of a request's body, for every method: bytes, time and memory, all checked before the body is parsed.

A truncated body (the connection ends before the announced length, or before the last chunk) has no effect: no handler
runs, and the client can send it again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.db.database import fault_of, is_transient
from shared.errors import problem_types as types
from shared.http.problems import problem
from shared.observability.logs import logger

__all__ = ["BODY_BYTES_MAX", "SMALL_BYTES", "Allowance", "Allowed", "Bodies", "HeldBytes"]

log = logger(__name__)

SMALL_BYTES = 65_536
"""Limit without a key: a machine's ordinary post has 128 lines of 40 bytes, a form some hundred bytes."""
BODY_BYTES_MAX = 1_048_576 - 1
"""Limit with a valid key: a city's roster is smaller."""
JSON_AMPLIFICATION = 32
"""Bytes of memory for each byte of JSON: `[{},{},{}` has three bytes for an object of 64 and its place in a list."""
HELD_BYTES_MAX = 100_663_296
"""Memory for all bodies above SMALL_BYTES that one process handles at the same time: 96 MiB of a container's 256."""
BODY_SECONDS_MAX = 30.0
REFUSED_SECONDS = 1.0
"""Delay of a refusal for a client without a key: fifty connections in a loop then cost fifty responses a second."""
DISCARDED_BYTES_MAX = 16_777_216
DISCARDED_SECONDS_MAX = 3.0


@dataclass(frozen=True, slots=True)
class Allowed:
    """How many bytes a request's body may have, and how many bytes of memory each of them may need."""

    size: int
    amplification: int = JSON_AMPLIFICATION


Allowance = Callable[[Scope], Awaitable[Allowed]]
"""Says what a request's body may cost; asked only for one above SMALL_BYTES."""


@dataclass
class HeldBytes:
    """Memory that large bodies may hold in this process."""

    most: int = HELD_BYTES_MAX
    held: int = field(default=0, init=False)

    def take(self, count: int) -> bool:
        """Returns False, and takes nothing, where they would exceed the limit."""
        if self.held + count > self.most:
            return False
        self.held += count
        return True

    def give_back(self, count: int) -> None:
        """After `take`."""
        self.held -= count


class _Refused(Exception):  # noqa: N818 - an answer, not a fault
    def __init__(self, answer: Response) -> None:
        # The rest of the body is never read.
        answer.headers["Connection"] = "close"
        self.answer = answer


class _CutOff(Exception):  # noqa: N818 - nobody is there to be answered
    pass


class Bodies:
    """Reads a request's whole body, within its limits, and only then calls the app."""

    def __init__(self, app: ASGIApp, allowance: Allowance, held: HeldBytes | None = None) -> None:
        self._app = app
        self._allowance = allowance
        self._held = held or HeldBytes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reading = _Reading(scope, self._allowance, self._held)
        try:
            try:
                chunks = await reading.read(receive)
            except _Refused as refused:
                if "authorization" in Headers(scope=scope):
                    await _discard(receive)
                else:
                    await asyncio.sleep(REFUSED_SECONDS)
                await refused.answer(scope, receive, send)
                return
            except _CutOff:
                log.info("body_cut_off", bytes=reading.size)
                return
            await self._app(scope, _replay(chunks, receive), send)
        finally:
            self._held.give_back(reading.taken)


class _Reading:
    def __init__(self, scope: Scope, allowance: Allowance, held: HeldBytes) -> None:
        self._scope = scope
        self._allowance = allowance
        self._held = held
        self._allowed = Allowed(SMALL_BYTES)
        self._reserved = 0
        self.size = 0
        self.taken = 0

    async def read(self, receive: Receive) -> deque[bytes]:
        announced = self._announced()
        if announced is not None:
            await self._reserve(announced)
        chunks: deque[bytes] = deque()
        try:
            async with asyncio.timeout(BODY_SECONDS_MAX):
                async for chunk in _chunks(receive):
                    self.size += len(chunk)
                    if self.size > max(self._reserved, SMALL_BYTES):
                        await self._reserve(max(self.size, min(2 * self._reserved, self._allowed.size)))
                    chunks.append(chunk)
        except TimeoutError:
            raise _Refused(problem(types.REQUEST_TIMEOUT, f"Send the body within {BODY_SECONDS_MAX:.0f} s.")) from None
        if announced is not None and self.size != announced:
            raise _Refused(problem(types.BODY_NOT_WHOLE, "Its length differs from Content-Length: send it again."))
        return chunks

    def _announced(self) -> int | None:
        length = Headers(scope=self._scope).get("content-length")
        if length is None:
            return None
        if not (length.isascii() and length.isdecimal()) or len(length) > 15:
            raise _Refused(
                problem(types.BAD_REQUEST, "Content-Length is not a number: send the number of bytes of the body.")
            )
        return int(length)

    async def _reserve(self, size: int) -> None:
        """Checks that a body of `size` bytes is allowed, and reserves its memory in the process."""
        if size <= SMALL_BYTES:
            return
        if size > self._allowed.size:
            self._allowed = await self._ask()
        most = max(SMALL_BYTES, self._allowed.size)
        if size > most:
            text = f"The body may have at most {most} bytes here: split it, or send a valid key if you have not."
            raise _Refused(problem(types.TOO_LARGE, text))
        cost = size * self._allowed.amplification
        if not self._held.take(cost - self.taken):
            raise _Refused(problem(types.TOO_BUSY, "Too many large bodies arrive at once. Send it again later."))
        self.taken, self._reserved = cost, size

    async def _ask(self) -> Allowed:
        try:
            return await self._allowance(self._scope)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("store_unavailable", **fault_of(error))
            text = "The database does not answer. Send the same request again later."
            raise _Refused(problem(types.UNAVAILABLE, text)) from error


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _CutOff
        chunk = message.get("body", b"")
        if chunk:
            yield chunk
        more = message.get("more_body", False)


async def _discard(receive: Receive) -> None:
    """Reads on briefly and discards the data: a client that is still sending would see a broken connection, not its response.

    Only for clients that sent a key.
    """
    left = DISCARDED_BYTES_MAX
    with contextlib.suppress(TimeoutError, _CutOff):
        async with asyncio.timeout(DISCARDED_SECONDS_MAX):
            async for chunk in _chunks(receive):
                left -= len(chunk)
                if left < 0:
                    return


def _replay(chunks: deque[bytes], receive: Receive) -> Receive:
    finished = False

    async def replay() -> Message:
        nonlocal finished
        if finished:
            return await receive()
        body = chunks.popleft() if chunks else b""
        finished = not chunks
        return {"type": "http.request", "body": body, "more_body": not finished}

    return replay
