"""Monitors when the certificates expire that people and HR systems see.

It runs in a service with outbound network access, so it sees the public address as people do, even behind another proxy.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from prometheus_client import Gauge

from shared.observability.certificates import served_certificate_ends_at
from shared.observability.logs import logger
from shared.observability.metrics import Metrics
from shared.settings.settings import ServiceSettings

__all__ = ["CertificateMonitor", "tls_addresses"]

log = logger(__name__)

Address = tuple[str, int]
"""Host and port."""


def tls_addresses(settings: ServiceSettings, kafka_listener: str | None) -> dict[str, Address]:
    """The addresses that serve TLS, by metric label. `kafka_listener` is host:port of Kafka's listener for HR systems, as
    reached through the internal network."""
    addresses: dict[str, Address] = {}
    public = urlsplit(settings.public_url)
    if public.scheme == "https" and public.hostname is not None:
        addresses["public"] = (public.hostname, public.port or 443)
    if kafka_listener is not None and settings.kafka_external_protocol == "SASL_SSL":
        host, _, port = kafka_listener.rpartition(":")
        addresses["kafka"] = (host, int(port))
    return addresses


class CertificateMonitor:
    """Reads each certificate with a TLS handshake only."""

    def __init__(
        self,
        metrics: Metrics,
        addresses: Mapping[str, Address],
        read: Callable[[str, int], Awaitable[datetime]] = served_certificate_ends_at,
    ) -> None:
        self._addresses = addresses
        self._read = read
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
        for name, (host, port) in self._addresses.items():
            try:
                end = await self._read(host, port)
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
