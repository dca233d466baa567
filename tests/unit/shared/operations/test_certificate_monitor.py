"""Certificates are monitored where TLS is served; an unreadable one is reported and stops nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.notifications.settings import Settings
from shared.observability.metrics import Metrics
from shared.operations.certificate_monitor import CertificateMonitor, tls_addresses

END = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
ENDS, UNREAD = "kinerja_certificate_ends_timestamp_seconds", "kinerja_certificate_unread"


def settings(**changes: Any) -> Settings:
    values = {"database_url": "postgresql+asyncpg://u@h/d", "operator_key": "k" * 20, "link_key": "k" * 20}
    return Settings(**values | changes)


@pytest.mark.parametrize(
    ("changes", "addresses"),
    [
        ({"public_url": "http://kinerja.example"}, {}),
        ({"public_url": "https://kinerja.example/x"}, {"public": ("kinerja.example", 443)}),
        ({"public_url": "https://kinerja.example:8443"}, {"public": ("kinerja.example", 8443)}),
        ({"kafka_external_listener": "kafka:9094"}, {"kafka": ("kafka", 9094)}),
        ({"kafka_external_listener": "kafka:9094", "kafka_external_protocol": "SASL_PLAINTEXT"}, {}),
    ],
)
def test_every_address_with_tls_is_monitored(changes: dict[str, str], addresses: dict[str, Any]) -> None:
    found = settings(**changes)
    assert tls_addresses(found, found.kafka_external_listener) == addresses


async def test_the_last_expiry_stays_while_a_certificate_cannot_be_read() -> None:
    metrics = Metrics("t")
    answers: list[datetime | Exception] = [ConnectionRefusedError(), END, TimeoutError()]

    async def read(host: str, port: int) -> datetime:
        assert (host, port) == ("kinerja.example", 443)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monitor = CertificateMonitor(metrics, {"public": ("kinerja.example", 443)}, read)
    seen = []
    for _ in range(3):
        assert not await monitor.round()
        seen.append([metrics.registry.get_sample_value(name, {"certificate": "public"}) for name in (ENDS, UNREAD)])
    assert seen == [[None, 1], [END.timestamp(), 0], [END.timestamp(), 1]]
