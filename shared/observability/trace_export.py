"""Sends spans to a collector (OTLP over HTTP) if OpenTelemetry's own variables ask for it; otherwise nothing is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from threading import Thread

from opentelemetry import trace

__all__ = ["export_traces", "flush_traces", "wanted"]

FLUSH_SECONDS = 2.0
"""How long the end of the process waits for the last spans."""

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_flush: list[Callable[[], bool]] = []


def wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a collector's address is set and nothing switches traces off."""
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    exporter = environment.get("OTEL_TRACES_EXPORTER") or "otlp"
    return not off and exporter == "otlp" and any(environment.get(name) for name in _ENDPOINTS)


def export_traces(service: str) -> None:
    """Starts the export of this process's spans. The variables also set the sampler, limits and the request's headers."""
    if not wanted():
        return
    # The SDK takes 10 MB and half a second: only a process that exports loads it.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_SERVICE_NAME") or f"kinerja-{service}"
    # flush_traces ends the export in a limited time; the SDK's own hook at the end of the process would wait longer
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _flush.append(provider.force_flush)


def flush_traces() -> None:
    """Sends the spans that wait, within FLUSH_SECONDS; for the end of the process.

    In a thread that does not hold up the end: the SDK's own limit has no effect on a collector that does not answer.
    """
    while _flush:
        sending = Thread(target=_flush.pop(), daemon=True)
        sending.start()
        sending.join(FLUSH_SECONDS)
