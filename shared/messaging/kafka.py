"""Kafka clients with every option explicit, so that a changed default of a library has no effect."""

from __future__ import annotations

import ssl
from typing import Any

from aiokafka import AIOKafkaProducer
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram512

from shared.settings.settings import KafkaSettings, ServiceSettings

__all__ = ["client_security", "make_broker", "make_producer"]


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    if not settings.kafka_security_protocol.endswith("SSL"):
        return None
    return ssl.create_default_context(cafile=str(settings.kafka_ca_file) if settings.kafka_ca_file else None)


def client_security(settings: KafkaSettings) -> dict[str, Any]:
    """aiokafka's security options."""
    options: dict[str, Any] = {
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": _ssl_context(settings),
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        if settings.kafka_sasl_username is None or settings.kafka_sasl_password is None:
            raise ValueError("KINERJA_KAFKA_SASL_USERNAME and KINERJA_KAFKA_SASL_PASSWORD are needed with SASL")
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password.get_secret_value(),
        }
    return options


def make_producer(settings: ServiceSettings, service: str) -> AIOKafkaProducer:
    """The relay's producer: acks=all, batched, compressed."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        client_id=f"kinerja-{service}-relay",
        acks="all",
        enable_idempotence=settings.kafka_idempotent_producer,
        linger_ms=5,
        max_batch_size=262_144,
        max_request_size=1_000_000,  # per record, before compression: below every topic's max.message.bytes
        compression_type="lz4",
        request_timeout_ms=settings.kafka_request_timeout_ms,
        retry_backoff_ms=100,
        metadata_max_age_ms=60_000,
        **client_security(settings),
    )


def make_broker(settings: ServiceSettings, service: str) -> KafkaBroker:
    """FastStream's broker for consuming only: everything that is published goes through the outbox relay."""
    security: BaseSecurity | None = None
    if settings.kafka_security_protocol.startswith("SASL"):
        options = client_security(settings)
        login = SASLPlaintext if settings.kafka_sasl_mechanism == "PLAIN" else SASLScram512
        security = login(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            use_ssl=options["ssl_context"] is not None,
            ssl_context=options["ssl_context"],
        )
    elif settings.kafka_security_protocol == "SSL":
        security = BaseSecurity(ssl_context=_ssl_context(settings), use_ssl=True)
    return KafkaBroker(
        settings.kafka_bootstrap_servers.split(","),  # one string with commas would be read as a single host name
        client_id=f"kinerja-{service}",
        consumer_only=True,
        allow_auto_create_topics=False,
        request_timeout_ms=40_000,
        metadata_max_age_ms=60_000,
        graceful_timeout=15.0,
        apply_types=False,
        security=security,
        logger=None,
    )
