"""Every metric's name, with the meaning of a rise. One registry per service, so that four services fit in one process."""

from __future__ import annotations

import shutil

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)


def _disk_free() -> float:
    usage = shutil.disk_usage("/")
    return usage.free / usage.total


class Metrics:
    """The technical metrics of one service; a service adds its own to `registry`."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        self._add_requests(self.registry)
        self._add_publishing(self.registry)
        self._add_consuming(self.registry)
        self._add_machine(self.registry)

    def _add_requests(self, registry: CollectorRegistry) -> None:
        # Requests by route template, never by path: paths hold identifiers. 5xx rising: search the logs by request id.
        self.http_requests = Counter(
            "kinerja_http_requests_total", "HTTP answers", ["route", "method", "status"], registry=registry
        )
        self.http_seconds = Histogram(
            "kinerja_http_request_seconds", "Time to answer", ["route"], buckets=_SECONDS, registry=registry
        )

    def _add_publishing(self, registry: CollectorRegistry) -> None:
        # Rises while the broker is down or the relay is stuck; must return to 0.
        self.outbox_rows = Gauge("kinerja_outbox_rows", "Events committed and not yet published", registry=registry)
        self.outbox_oldest_seconds = Gauge(
            "kinerja_outbox_oldest_seconds", "Age of the oldest unpublished event that is not held", registry=registry
        )
        # Any rise needs a person: kinerja outbox list.
        self.outbox_held_rows = Gauge(
            "kinerja_outbox_held_rows", "Events that are refused or wait behind a refused one", registry=registry
        )
        self.outbox_held_seconds = Gauge(
            "kinerja_outbox_held_seconds", "Since when the longest refused event is refused, else 0", registry=registry
        )
        self.refused = Counter(
            "kinerja_events_refused_total",
            "Attempts to publish an event that was refused",
            ["topic"],
            registry=registry,
        )
        self.published = Counter(
            "kinerja_events_published_total", "Events acknowledged by the broker", ["topic"], registry=registry
        )
        self.relay_failures = Counter(
            "kinerja_relay_failures_total", "Publishing rounds that failed", registry=registry
        )
        # Any rise needs a person: the log event row_set_aside gives the row and the reason.
        self.set_aside = Gauge(
            "kinerja_rows_set_aside",
            "Rows at which a task failed and that wait to be tried again",
            ["task"],
            registry=registry,
        )

    def _add_consuming(self, registry: CollectorRegistry) -> None:
        self.consumed = Counter(
            "kinerja_records_consumed_total", "Records applied or parked", ["topic"], registry=registry
        )
        # Unread records per topic; consumer_lag_seconds gives the delay.
        self.consumer_lag = Gauge(
            "kinerja_consumer_lag_records", "Records not yet consumed", ["topic"], registry=registry
        )
        self.consumer_lag_seconds = Gauge(
            "kinerja_consumer_lag_seconds",
            "While behind, the time since the last applied record was recorded or since nothing waited, else 0",
            ["topic"],
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "kinerja_batch_seconds",
            "Time of one consumer batch, decode to offset commit",
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch_retries = Counter(
            "kinerja_batch_retries_total", "Batches tried again because the database did not answer", registry=registry
        )
        # Any rise needs a person: kinerja dead-letters list.
        self.parked = Counter(
            "kinerja_records_parked_total", "Records that could not be used", ["topic", "reason"], registry=registry
        )
        self.parked_waiting = Gauge(
            "kinerja_parked_records", "Parked records that nobody has released or dismissed", registry=registry
        )
        # 1 while the consumer is stopped because too many records could not be used: needs a person.
        self.consumer_halted = Gauge(
            "kinerja_consumer_halted", "1 where the consumer stopped at records that it cannot use", registry=registry
        )
        # From the producer's ce_time to our commit.
        self.end_to_end_seconds = Histogram(
            "kinerja_end_to_end_seconds",
            "From the event's recording to the commit of its effect",
            ["topic"],
            buckets=_SECONDS,
            registry=registry,
        )

    def _add_machine(self, registry: CollectorRegistry) -> None:
        # The disk of this process. In a container that is the disk with Docker's images, logs and, by default, the volumes
        # of Postgres and Kafka, which do not export this metric.
        self.disk_free = Gauge("kinerja_disk_free_ratio", "Free share of the disk, 0 to 1", registry=registry)
        self.disk_free.set_function(_disk_free)

    def render(self) -> bytes:
        """The text exposition of all metrics."""
        return generate_latest(self.registry)
