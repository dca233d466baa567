"""Structured JSON logs on standard output. Never personal data: officers appear by employee_id only."""

from __future__ import annotations

import logging
import logging.config
import sys
from typing import Any

import orjson
import structlog

__all__ = ["FORBIDDEN_FIELDS", "configure", "logger"]

FORBIDDEN_FIELDS = frozenset({"nip", "name", "email", "pin", "authorization", "token", "password", "body", "key"})
"""Field names that would carry personal data or secrets: a programming slip prints "[withheld]" in their place."""


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
