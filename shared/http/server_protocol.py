"""Limits of a connection before it has a request: bytes of a head, time for a head, and the number of connections."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["BoundedProtocol"]

HEAD_BYTES_MAX = 65_536
"""Request line and headers, or anything else outside a body: trailers, chunk extensions, blank lines. One read of a
connection may add as much again."""
HEAD_SECONDS_MAX = 15.0
PIPELINE_MAX = 8
"""Requests that a connection may send before the first of them is answered; no client of ours sends two."""
CONNECTIONS_MAX = 2_000
"""Limit of one process; behind the gateway there are as many connections as requests."""


class PipelineError(Exception):
    """A connection sends too many requests without waiting for responses."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits: uvicorn itself keeps heads, trailers and waiting requests of any length for any time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._overhead_bytes = 0
        """The bytes since the last piece of a body, or the end of a head or message."""
        self._in_head = True
        self._head_ends: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            transport.abort()
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._overhead_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._overhead_bytes > HEAD_BYTES_MAX:
            self.send_400_response("The request's head is too long.")
        elif self._head_ends is None and self.cycle is not None and self.cycle.response_complete:
            self._expect_head()  # uvicorn has ended its own timer at these bytes, which may be a blank line

    def on_message_begin(self) -> None:
        self._expect_head()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # trailers are not used, and must not be treated as headers
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._end_timer()
        self._overhead_bytes = 0
        super().on_headers_complete()
        if len(self.pipeline) > PIPELINE_MAX:
            raise PipelineError  # the parser stops in the middle of the read data, and uvicorn answers 400

    def on_body(self, body: bytes) -> None:
        self._overhead_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._overhead_bytes = 0  # the next head begins
        super().on_message_complete()

    def _expect_head(self) -> None:
        self._in_head = True
        self._end_timer()
        self._head_ends = self.loop.call_later(HEAD_SECONDS_MAX, self._too_slow)

    def _too_slow(self) -> None:
        if self._in_head and not self.transport.is_closing():
            self.transport.abort()

    def _end_timer(self) -> None:
        if self._head_ends is not None:
            self._head_ends.cancel()
            self._head_ends = None
