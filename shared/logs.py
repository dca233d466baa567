"""Structured JSON logs on standard output. Never personal data: officers appear by employee_id only."""

from __future__ import annotations

import logging
import logging.config
import sys
import time
from collections.abc import Callable
from typing import Any

import orjson
import structlog

__all__ = ["FORBIDDEN_FIELDS", "FewerRepeats", "configure", "logger"]

FORBIDDEN_FIELDS = frozenset({"nip", "name", "email", "pin", "authorization", "token", "password", "body", "key"})
"""Field names that would carry personal data or secrets: a programming slip prints "[withheld]" in their place."""

REPEAT_SECONDS = 10.0
KINDS_MAX = 1_000


def _withhold(_logger: Any, _method: str, event: Any) -> Any:
    for field in FORBIDDEN_FIELDS.intersection(event):
        event[field] = "[withheld]"
    return event


def _dumps(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str).decode()


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _withhold,
]


class FewerRepeats(logging.Filter):
    """Lets a message of the Kafka client through once in a while, and then says how often it was said meanwhile.

    While a broker is away the client says fifty times a second that it cannot be reached: the rotation would push out
    what an operator looks for.
    """

    def __init__(self, seconds: float = REPEAT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._clock = clock
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if not record.name.startswith("aiokafka"):
            return True
        kind, now = (record.name, record.getMessage()), self._clock()
        said_at, withheld = self._said.get(kind, (None, 0))
        if said_at is not None and now - said_at < self._seconds:
            self._said[kind] = (said_at, withheld + 1)
            return False
        if len(self._said) >= KINDS_MAX:
            self._said.clear()
        self._said[kind] = (now, 0)
        if withheld:
            record.msg, record.args = f"{kind[1]} (and {withheld} times before)", ()
        return True


def configure(level: str = "INFO", *, stream: Any = None) -> None:
    """Sends structlog's and the standard library's records to `stream` (standard output) as one JSON object a line."""
    out = stream or sys.stdout
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.addFilter(FewerRepeats())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(serializer=_dumps),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Request lines would carry addresses and one-use tokens; the HTTP middleware logs what an operator needs.
    for noisy in (
        "uvicorn.access",
        "httpx",
        "aiokafka.consumer.group_coordinator",
        "aiokafka.consumer.subscription_state",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def logger(name: str) -> Any:
    """A logger bound to the module's name."""
    return structlog.get_logger(module=name)
