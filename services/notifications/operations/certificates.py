"""Watches when the certificates expire that people and HR systems see.

Only this service has outbound network access (to the mail server), so it sees the public address as people do, even behind
another proxy. It reaches Kafka's external listener through the internal network.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from prometheus_client import Gauge

from services.notifications.settings import Settings
from shared.observability.certificates import served_certificate_ends_at
from shared.observability.logs import logger
from shared.observability.metrics import Metrics

__all__ = ["Certificates"]

log = logger(__name__)


class Certificates:
    """Reads each certificate with a TLS handshake only."""

    def __init__(self, metrics: Metrics, settings: Settings) -> None:
        self.addresses: dict[str, tuple[str, int]] = {}
        """Metric label → (host, port); empty if nothing is served with TLS."""
        public = urlsplit(settings.public_url)
        if public.scheme == "https" and public.hostname is not None:
            self.addresses["public"] = (public.hostname, public.port or 443)
        if settings.kafka_external_listener is not None and settings.kafka_external_protocol == "SASL_SSL":
            host, _, port = settings.kafka_external_listener.rpartition(":")
            self.addresses["kafka"] = (host, int(port))
        # The expiry time, not the days left: it stays correct while the certificate cannot be read.
        self._ends = Gauge(
            "kinerja_certificate_ends_timestamp_seconds",
            "When the certificate expires, as last read",
            ["certificate"],
            registry=metrics.registry,
        )
        self._unread = Gauge(
            "kinerja_certificate_unread",
            "1 when the last attempt to read the certificate failed, else 0",
            ["certificate"],
            registry=metrics.registry,
        )

    async def round(self) -> bool:
        """Reads each certificate once. A failure only sets the metric and writes a log line."""
        for name, (host, port) in self.addresses.items():
            try:
                end = await served_certificate_ends_at(host, port)
            except (OSError, ValueError) as error:
                self._unread.labels(name).set(1)
                log.warning(
                    "certificate_unread",
                    certificate=name,
                    address=f"{host}:{port}",
                    error=type(error).__name__,
                    cause="docs/runbooks/certificate.md",
                )
            else:
                self._unread.labels(name).set(0)
                self._ends.labels(name).set(end.timestamp())
        return False
