"""Tracing by OpenTelemetry's API: a request's trace continues in the events that it causes, and in their consumers.

Without an exporter (see trace_export.py) no span is recorded. Ids are made all the same: the trace id is the request's id,
and events carry it. A span holds no personal data: route templates, topic names, counts and types of errors.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

__all__ = ["Span", "SpanKind", "continued", "current_trace_id", "current_traceparent", "set_failed", "step"]

Attributes = Mapping[str, str | int]

_NEW = Context()
_TRACER = trace.get_tracer("kinerja")
_W3C = TraceContextTextMapPropagator()


@contextmanager
def continued(
    name: str, received: Sequence[str] = (), *, kind: SpanKind = SpanKind.INTERNAL, attributes: Attributes | None = None
) -> Iterator[Span]:
    """The span of work that comes from outside, given the `traceparent` headers received with it.

    One valid header: its trace continues. Several: a new trace begins, with links to them. Otherwise a new trace begins.
    """
    origins = {span.trace_id: span for span in map(_span_of, dict.fromkeys(received)) if span.is_valid}
    parent, links = _NEW, [Link(span) for span in origins.values()]
    if len(links) == 1:
        parent, links = trace.set_span_in_context(NonRecordingSpan(links[0].context), _NEW), []
    span = _TRACER.start_span(name, parent, kind=kind, links=links, attributes=attributes)
    if not span.get_span_context().is_valid:
        span = NonRecordingSpan(_new_ids())
    with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        yield from _noted(span)


@contextmanager
def step(name: str, attributes: Attributes | None = None) -> Iterator[Span]:
    """The span of a step of the present work."""
    with _TRACER.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        yield from _noted(span)


def set_failed(span: Span, error: BaseException) -> None:
    """Marks the span of work that failed by this error, which is not raised inside of it."""
    if span.is_recording():
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(Status(StatusCode.ERROR))


def current_traceparent() -> str | None:
    """The header for events of the current request or batch; None outside of one."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get("traceparent")


def current_trace_id() -> str | None:
    """The trace of the current request or batch, 32 hex digits; None outside of one."""
    found = trace.get_current_span().get_span_context()
    return trace.format_trace_id(found.trace_id) if found.is_valid else None


def _span_of(traceparent: str) -> SpanContext:
    return trace.get_current_span(_W3C.extract({"traceparent": traceparent}, _NEW)).get_span_context()


def _noted(span: Span) -> Iterator[Span]:
    """Notes the type of an error only: its message may contain personal data."""
    try:
        yield span
    except Exception as error:
        set_failed(span, error)
        raise


def _new_ids() -> SpanContext:
    return SpanContext(
        int.from_bytes(secrets.token_bytes(16)) or 1,
        int.from_bytes(secrets.token_bytes(8)) or 1,
        is_remote=False,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
