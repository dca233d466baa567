"""W3C trace context: a request's trace continues in the events that it causes."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

__all__ = ["begin_trace", "current_traceparent"]

_TRACEPARENT = re.compile(r"^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def begin_trace(received: str | None) -> str:
    """Continues the caller's trace if its header is valid, else starts one; returns the trace id (32 hex digits)."""
    trace = received.split("-")[1] if received is not None and _TRACEPARENT.match(received) else secrets.token_hex(16)
    _current.set(f"00-{trace}-{secrets.token_hex(8)}-01")
    return trace


def current_traceparent() -> str | None:
    """The header for events of the current request or batch; None outside of one."""
    return _current.get()
