"""Structured JSON logs on standard output. Never personal data: officers appear by employee_id only.

This also holds for errors: log_safety.py defines what is logged of exceptions and of libraries.
"""

from __future__ import annotations

import logging
import logging.config
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import orjson
import structlog

from shared.observability.log_safety import described, library_message, masked
from shared.observability.tracing import current_trace_id

__all__ = ["FORBIDDEN_FIELDS", "FewerRepeats", "configure", "log_uncaught", "logger"]

FORBIDDEN_FIELDS = frozenset(
    {
        "nip", "name", "email", "pin", "to", "recipient", "client", "remote", "ip", "user_agent",
        "authorization", "cookie", "headers", "token", "password", "secret", "key", "comm_key", "host_label",
        "link", "url", "uri", "path", "query", "body", "record", "value", "ratings", "answers",
    }
)  # fmt: skip
"""Field names of personal data or secrets: if one is logged by mistake, its value becomes "[withheld]"."""

REPEAT_SECONDS = 10.0
_CHOSEN = ("Sending username and password in the clear",)
"""Messages of the Kafka client about a deliberate setting: SASL_PLAINTEXT, on a separate network."""
KINDS_MAX = 1_000


def _withhold(_logger: Any, _method: str, event: Any) -> Any:
    for field in FORBIDDEN_FIELDS.intersection(event):
        event[field] = "[withheld]"
    return event


def _describe_exception(_logger: Any, _method: str, event: Any) -> Any:
    """Replaces structlog's own, which would write messages, source lines and SQL with its parameters."""
    found = event.pop("exc_info", None)
    error = found if isinstance(found, BaseException) else (found if isinstance(found, tuple) else sys.exc_info())[1]
    if found and error is not None:
        event["exception"] = described(error)
    event.pop("stack_info", None)
    return event


def _mask(_logger: Any, _method: str, event: Any) -> Any:
    return {name: value if name.startswith("_") else masked(value) for name, value in event.items()}


def _dumps(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def _add_trace(_logger: Any, _method: str, event: Any) -> Any:
    found = current_trace_id()
    return event if found is None else {**event, "trace_id": found}


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    _add_trace,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _withhold,
]


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Formats the part of a library's record that may be logged."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON line."""
        kept = logging.makeLogRecord(record.__dict__)
        kept.msg, kept.args = library_message(record), ()
        return super().format(kept)


class FewerRepeats(logging.Filter):
    """Limits repeated messages of the Kafka client: writes one from time to time, with the number of those left out.

    While a broker is down the client logs it fifty times a second: log rotation would delete what an operator looks for.
    """

    def __init__(self, seconds: float = REPEAT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._clock = clock
        self.said: dict[tuple[str, str], tuple[float, int]] = {}
        """By logger and message: when it was last written, and how often it was left out since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if not record.name.startswith("aiokafka"):
            return True
        if record.msg in _CHOSEN:
            return False
        kind, now = (record.name, record.getMessage()), self._clock()
        said_at, withheld = self.said.get(kind, (None, 0))
        if said_at is not None and now - said_at < self._seconds:
            self.said[kind] = (said_at, withheld + 1)
            return False
        if len(self.said) >= KINDS_MAX:
            self.said.clear()
        self.said[kind] = (now, 0)
        if withheld:
            record.msg, record.args = f"{kind[1]} (and {withheld} times before)", ()
        return True


def configure(level: str = "INFO", *, stream: Any = None) -> None:
    """Writes structlog's and the standard library's records to `stream` (standard output) as one JSON object per line."""
    out = stream or sys.stdout
    structlog.configure(
        processors=[
            *_SHARED,
            _describe_exception,
            _mask,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.addFilter(FewerRepeats())
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _describe_exception,
                _mask,
                structlog.processors.JSONRenderer(serializer=_dumps),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    # Request lines would contain addresses and one-use tokens; the HTTP middleware logs what an operator needs.
    for noisy in (
        "uvicorn.access",
        "httpx",
        "mail.log",
        "aiokafka.consumer.group_coordinator",
        "aiokafka.consumer.subscription_state",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def log_uncaught() -> None:
    """Logs an exception that ends the process or a thread in the same way: standard error is also collected."""
    log = logger(__name__)

    def process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("process_failed", exc_info=error)

    def thread(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            log.error("thread_failed", exc_info=failed.exc_value)

    sys.excepthook = process
    threading.excepthook = thread


def logger(name: str) -> Any:
    """A logger bound to the module's name."""
    return structlog.get_logger(module=name)
