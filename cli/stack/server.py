"""The HTTP server of one service. At shutdown it answers all requests that have reached it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator, Sequence

import uvicorn

__all__ = ["LEAVE_SECONDS", "Server"]

LEAVE_SECONDS = 1.5
"""Longer than the gateway keeps an idle connection (deploy/caddy/Caddyfile)."""


class Server(uvicorn.Server):
    """Shuts down gracefully.

    Its callers keep connections open. A request that is sent just when the connection closes here gets no response, and a
    gateway may not send a POST again. So during shutdown each response closes its connection, idle connections are left to
    the caller's own timeout, and connections that wait at the port are accepted before the port closes.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Run it with its listening sockets, as `run(sockets=...)`."""
        self.config.encoded_headers.append((b"connection", b"close"))
        ends = time.monotonic() + LEAVE_SECONDS
        while time.monotonic() < ends and not self.force_exit:
            await self.on_tick(0)  # applies the headers, and updates the date
            await asyncio.sleep(0.1)
        last = list(_waiting(sockets or ()))
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        for connection in last:
            await loop.connect_accepted_socket(self._protocol, connection)
        await asyncio.sleep(0.2)  # for the requests on them
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        make = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)  # type: ignore[call-arg]


def _waiting(sockets: Sequence[socket.socket]) -> Iterator[socket.socket]:
    for listener in sockets:
        while True:
            try:
                connection, _ = listener.accept()
            except BlockingIOError:
                break
            connection.settimeout(0)
            yield connection
