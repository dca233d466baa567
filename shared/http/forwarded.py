"""The client's real address behind our gateway and behind trusted proxies.

X-Forwarded-For is read from its end: each proxy adds the address that it sees. The first address that is not a trusted
proxy is the client's; the part before it comes from the client and is ignored.
"""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["RealClient"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class RealClient:
    """`behind_gateway`: every connection comes from our gateway, since only its network reaches the port."""

    def __init__(self, app: ASGIApp, *, behind_gateway: bool, proxies: tuple[Network, ...]) -> None:
        self._app = app
        self._behind_gateway = behind_gateway
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client is not None:
            scope["client"] = (self._real(client[0], Headers(scope=scope).getlist("x-forwarded-for")), client[1])
        await self._app(scope, receive, send)

    def _real(self, peer: str, forwarded: list[str]) -> str:
        if not (self._behind_gateway or self._trusted(peer)):
            return peer
        real = peer
        for hop in reversed([hop.strip() for line in forwarded for hop in line.split(",")]):
            if _address(hop) is None:
                break  # a trusted proxy does not write this
            real = hop
            if not self._trusted(hop):
                break
        return real

    def _trusted(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self._proxies)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
