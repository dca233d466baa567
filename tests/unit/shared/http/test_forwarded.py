"""The client's address is the last one not written by a trusted proxy; the client's own header is ignored."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from shared.http.forwarded import RealClient

PROXIES = (ipaddress.ip_network("10.9.0.0/16"), ipaddress.ip_network("fd00::/8"))


async def client_of(peer: str, *headers: str, behind_gateway: bool, proxies: Any = PROXIES) -> str:
    seen = ""

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        nonlocal seen
        seen = scope["client"][0]

    lines = [(b"x-forwarded-for", header.encode()) for header in headers]
    guard = RealClient(app, behind_gateway=behind_gateway, proxies=proxies)
    await guard({"type": "http", "client": (peer, 1), "headers": lines}, None, None)  # type: ignore[arg-type]
    return seen


@pytest.mark.parametrize(
    ("peer", "headers", "behind_gateway", "expected"),
    [
        # no proxy is trusted: the client wrote the header
        ("192.168.1.5", ["10.0.0.1"], False, "192.168.1.5"),
        ("192.168.1.5", [], False, "192.168.1.5"),
        # the gateway passes on the address that connected to it
        ("172.20.0.5", ["192.168.1.5"], True, "192.168.1.5"),
        ("172.20.0.5", [], True, "172.20.0.5"),
        # ... which may be a client that wrote a header itself
        ("172.20.0.5", ["127.0.0.1, 192.168.1.5"], True, "192.168.1.5"),
        ("172.20.0.5", ["127.0.0.1", "192.168.1.5"], True, "192.168.1.5"),
        # ... or a trusted proxy
        ("172.20.0.5", ["203.0.113.9, 10.9.0.1"], True, "203.0.113.9"),
        ("172.20.0.5", ["127.0.0.1, 203.0.113.9, 10.9.0.2, 10.9.0.1"], True, "203.0.113.9"),
        ("172.20.0.5", ["203.0.113.9, fd00::7"], True, "203.0.113.9"),
        # a trusted proxy without a gateway
        ("10.9.0.1", ["127.0.0.1, 203.0.113.9"], False, "203.0.113.9"),
        ("::ffff:10.9.0.1", ["203.0.113.9"], False, "203.0.113.9"),
        # only proxies on the way: the outermost one is the client
        ("10.9.0.1", ["10.9.0.3, 10.9.0.2"], False, "10.9.0.3"),
        # a proxy writes only addresses
        ("10.9.0.1", ["203.0.113.9, unknown"], False, "10.9.0.1"),
        ("172.20.0.5", ["evil, 10.9.0.1"], True, "10.9.0.1"),
    ],
)
async def test_the_real_client(peer: str, headers: list[str], behind_gateway: bool, expected: str) -> None:
    assert await client_of(peer, *headers, behind_gateway=behind_gateway) == expected


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
async def test_only_requests_are_changed_and_everything_is_passed_on(kind: str) -> None:
    passed: list[Any] = []

    async def app(*given: Any) -> None:
        passed.extend(given)

    async def receive() -> Any: ...
    async def send(_message: Any) -> None: ...

    scope = {"type": kind, "client": ("10.9.0.1", 1), "headers": [(b"x-forwarded-for", b"203.0.113.9")]}
    await RealClient(app, behind_gateway=True, proxies=PROXIES)(scope, receive, send)
    assert passed == [scope, receive, send]
    assert scope["client"] == ("10.9.0.1", 1)
