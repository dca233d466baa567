"""Certificates are watched where TLS is served; an unreadable one is reported and stops nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.notifications.operations import certificates
from services.notifications.operations.certificates import Certificates
from services.notifications.settings import Settings
from shared.observability.metrics import Metrics

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
async def test_what_is_served_with_tls_is_watched(changes: dict[str, str], addresses: dict[str, Any]) -> None:
    watch = Certificates(Metrics("t"), settings(**changes))
    assert watch.addresses == addresses


async def test_the_last_end_stays_when_a_certificate_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics("t")
    watch = Certificates(metrics, settings(public_url="https://kinerja.example"))
    answers: list[datetime | Exception] = [ConnectionRefusedError(), END, TimeoutError()]

    async def read(host: str, port: int) -> datetime:
        assert (host, port) == ("kinerja.example", 443)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(certificates, "served_certificate_ends_at", read)
    seen = []
    for _ in range(3):
        assert not await watch.round()
        seen.append([metrics.registry.get_sample_value(name, {"certificate": "public"}) for name in (ENDS, UNREAD)])
    assert seen == [[None, 1], [END.timestamp(), 0], [END.timestamp(), 1]]
