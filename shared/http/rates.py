"""Rate limits per address, link and key: they slow down guessing, and no client can use all of the capacity.

Each process counts for itself, so the limit multiplies with replicas. All counters of a minute are deleted at its end; a
library with counters in memory searches all of them at each request, which an attack with many addresses could exploit.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors.problem_types import TOO_MANY_REQUESTS
from shared.http.problems import problem
from shared.observability.logs import logger
from shared.settings.settings import ServiceSettings

__all__ = ["SLOW_SECONDS", "Bucket", "Guesses", "PerMinute", "Rates", "address_of"]

log = logger(__name__)

LINK_PREFIXES = ("/f/", "/my/open/", "/my/", "/notices/inbox/")
"""The path segment behind one of these is a secret that opens a page."""
WRONG_LINK = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
WRONG_KEY = frozenset({HTTPStatus.UNAUTHORIZED})
KNOWN_SECONDS = 600.0
KNOWN_MAX = 10_000
SLOW_SECONDS = 1.0
"""Delay of the response to repeated guesses: a hundred connections in a loop then cost a hundred responses a second."""


def address_of(scope: Scope) -> str:
    """The client's address; for IPv6 its /64 network, which is what one customer usually gets."""
    client = scope.get("client")
    if client is None:
        return ""
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return str(client[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


@dataclass
class PerMinute:
    """Counts by key within a minute of the monotonic clock."""

    most: int
    _minute: int = field(default=-1, init=False)
    _counts: Counter[str] = field(default_factory=Counter, init=False)

    def hit(self, key: str) -> bool:
        """Counts one; returns False when there were more than `most` in this minute."""
        self._turn()
        self._counts[key] += 1
        return self._counts[key] <= self.most

    def _turn(self) -> None:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()


@dataclass
class Bucket:
    """A leaky bucket for each key that leaks `per_minute`: a third of a minute's number fits in at once, the rest only as it
    leaks. So requests do not all arrive at the start of a minute."""

    per_minute: int
    levels: dict[str, tuple[float, float]] = field(default_factory=dict, init=False)
    """By key: the level and the time at which it was that."""

    @property
    def size(self) -> float:
        return max(1.0, self.per_minute / 3)

    def add(self, key: str) -> None:
        """Counts one."""
        if len(self.levels) >= KNOWN_MAX:
            self.levels = {each: held for each, held in self.levels.items() if self.level(each) > 0}
        self.levels[key] = (self.level(key) + 1, time.monotonic())

    def full(self, key: str) -> bool:
        """Whether one more would exceed the limit."""
        return self.level(key) + 1 > self.size

    def level(self, key: str) -> float:
        """How full the key's bucket is now; 0 is empty."""
        level, at = self.levels.get(key, (0.0, 0.0))
        return max(0.0, level - (time.monotonic() - at) * self.per_minute / 60)


class Guesses:
    """Refusals by address. A client that passed before, from the same address with the same secret, is not affected by others'
    guesses."""

    def __init__(self, per_minute: int) -> None:
        self._refused = Bucket(per_minute)
        self._known: dict[tuple[str, str], float] = {}

    def may_try(self, address: str, secret: str) -> bool:
        """False if this address has guessed too often recently, and has not passed with this secret recently."""
        return not self._refused.full(address) or self.knows(address, secret)

    def passed(self, address: str, secret: str) -> None:
        """The secret was right."""
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[address, secret] = time.monotonic()

    def refused(self, address: str, secret: str) -> None:
        """The secret was wrong, or is no longer valid."""
        self._known.pop((address, secret), None)
        self._refused.add(address)

    def knows(self, address: str, secret: str) -> bool:
        """Whether it passed from this address in the last ten minutes."""
        at = self._known.get((address, secret))
        return at is not None and time.monotonic() - at < KNOWN_SECONDS


class Rates:
    """The middleware: refuses with 429 and Retry-After before it reads the body."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        self._app = app
        self._pages = PerMinute(settings.page_requests_per_minute)
        self._links = PerMinute(settings.link_requests_per_minute)
        self._keys = PerMinute(settings.key_requests_per_minute)
        self._guesses = Guesses(settings.refusals_per_minute)
        self._at_once_max = settings.requests_at_once
        self._at_once: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        address = address_of(scope)
        with self._slot(address) as free:
            if not free:
                await _refuse(scope, receive, send, "Too many requests from this address are being processed.")
                return
            await self._counted(address, scope, receive, send)

    async def _counted(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        link, key = _link_of(scope["path"]), Headers(scope=scope).get("authorization", "")
        # stored as a digest until it opens a page: a memory dump of this process reveals no link
        secret = hashlib.sha256((link or key).encode("utf-8", "surrogateescape")).hexdigest() if link or key else ""
        if not secret:
            await self._app(scope, receive, send)
        elif not self._guesses.may_try(address, secret):
            log.warning("guesses_refused")
            await asyncio.sleep(SLOW_SECONDS)
            await _refuse(scope, receive, send, "Too many wrong links or keys came from this address.")
        elif link and not (self._pages.hit(address) and self._links.hit(secret)):
            await _refuse(scope, receive, send, "This page was opened too often.")
        elif not link and not self._keys.hit(secret):
            await _refuse(scope, receive, send, "This key sends too many requests.")
        else:
            await self._app(scope, receive, self._watched(address, secret, WRONG_LINK if link else WRONG_KEY, send))

    def _watched(self, address: str, secret: str, wrong: frozenset[HTTPStatus], send: Send) -> Send:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] in wrong:
                    self._guesses.refused(address, secret)
                elif message["status"] < HTTPStatus.BAD_REQUEST:
                    self._guesses.passed(address, secret)
            await send(message)

        return watched

    @contextmanager
    def _slot(self, address: str) -> Iterator[bool]:
        if self._at_once[address] >= self._at_once_max:
            yield False
            return
        self._at_once[address] += 1
        try:
            yield True
        finally:
            self._at_once[address] -= 1
            if not self._at_once[address]:
                del self._at_once[address]


def _link_of(path: str) -> str:
    for prefix in LINK_PREFIXES:
        if path.startswith(prefix):
            return path.removeprefix(prefix).partition("/")[0]
    return ""


async def _refuse(scope: Scope, receive: Receive, send: Send, text: str) -> None:
    seconds = 60 - int(time.monotonic() % 60)
    headers = {"Retry-After": str(seconds), "Connection": "close"}
    answer = problem(TOO_MANY_REQUESTS, f"{text} Try again in {seconds} s.", headers=headers)
    await answer(scope, receive, send)
