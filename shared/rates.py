"""How many requests one address, one link or one key may make: a guess of a link or a key costs time, and nobody takes all.

Each process counts for itself, so replicas allow as many times more. Counters of a minute are all forgotten at its end; a
library that keeps them in memory looks through all of them at each request, which an attack with many addresses would use.
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

from shared.logs import logger
from shared.problem_types import TOO_MANY_REQUESTS
from shared.problems import problem
from shared.settings import ServiceSettings

__all__ = ["SLOW_SECONDS", "Bucket", "Guesses", "PerMinute", "Rates", "address_of"]

log = logger(__name__)

LINK_PREFIXES = ("/f/", "/my/open/", "/my/", "/notices/inbox/")
"""The path segment behind one of these is a secret that opens a page."""
WRONG_LINK = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
WRONG_KEY = frozenset({HTTPStatus.UNAUTHORIZED})
KNOWN_SECONDS = 600.0
KNOWN_MAX = 10_000
SLOW_SECONDS = 1.0
"""Who guesses on is answered so late: a hundred connections in a circle then cost a hundred answers a second."""


def address_of(scope: Scope) -> str:
    """The client's address; of an IPv6 address its network of 64 bits, which is what one customer gets."""
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
        """Counts one; False when there were more than `most` in this minute."""
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
    """Fills with what is counted by key and leaks `per_minute`: a third of a minute's number fits in at once, the rest not
    sooner than it leaks. So no minute begins with a crowd."""

    per_minute: int
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict, init=False)

    @property
    def size(self) -> float:
        return max(1.0, self.per_minute / 3)

    def add(self, key: str) -> None:
        """Counts one."""
        if len(self._levels) >= KNOWN_MAX:
            self._levels = {each: held for each, held in self._levels.items() if self._level(each) > 0}
        self._levels[key] = (self._level(key) + 1, time.monotonic())

    def full(self, key: str) -> bool:
        """Whether one more would be too many."""
        return self._level(key) + 1 > self.size

    def _level(self, key: str) -> float:
        level, at = self._levels.get(key, (0.0, 0.0))
        return max(0.0, level - (time.monotonic() - at) * self.per_minute / 60)


class Guesses:
    """Refusals by address. Who passed before, from the same address with the same secret, is not held up by others' guesses."""

    def __init__(self, per_minute: int) -> None:
        self._refused = Bucket(per_minute)
        self._known: dict[tuple[str, str], float] = {}

    def may_try(self, address: str, secret: str) -> bool:
        """False where this address has guessed too much of late, and never passed with this secret of late."""
        return not self._refused.full(address) or self.knows(address, secret)

    def passed(self, address: str, secret: str) -> None:
        """The secret was right."""
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[address, secret] = time.monotonic()

    def refused(self, address: str, secret: str) -> None:
        """The secret was wrong, or is not any more."""
        self._known.pop((address, secret), None)
        self._refused.add(address)

    def knows(self, address: str, secret: str) -> bool:
        """Whether it passed from this address in the last ten minutes."""
        at = self._known.get((address, secret))
        return at is not None and time.monotonic() - at < KNOWN_SECONDS


class Rates:
    """The middleware: refuses with 429 and Retry-After before anything is read."""

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
                await _refuse(scope, receive, send, "Too many requests of this address are being answered.")
                return
            await self._counted(address, scope, receive, send)

    async def _counted(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        link, key = _link_of(scope["path"]), Headers(scope=scope).get("authorization", "")
        # what opened nothing yet is kept as a digest: a memory dump of this process tells no link
        secret = hashlib.sha256((link or key).encode("utf-8", "surrogateescape")).hexdigest() if link or key else ""
        if not secret:
            await self._app(scope, receive, send)
        elif not self._guesses.may_try(address, secret):
            log.warning("guesses_refused")
            await asyncio.sleep(SLOW_SECONDS)
            await _refuse(scope, receive, send, "Too many links or keys that were wrong came from this address.")
        elif link and not (self._pages.hit(address) and self._links.hit(secret)):
            await _refuse(scope, receive, send, "This page was opened too often.")
        elif not link and not self._keys.hit(secret):
            await _refuse(scope, receive, send, "This key asks too often.")
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


async def _refuse(scope: Scope, receive: Receive, send: Send, words: str) -> None:
    seconds = 60 - int(time.monotonic() % 60)
    headers = {"Retry-After": str(seconds), "Connection": "close"}
    answer = problem(TOO_MANY_REQUESTS, f"{words} Try again in {seconds} s.", headers=headers)
    await answer(scope, receive, send)
