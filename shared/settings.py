"""Settings that every service has. Names in the environment carry the prefix KINERJA_; secrets may be files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["SECRETS_DIR", "KafkaSettings", "ServiceSettings"]

SECRETS_DIR = Path("/run/secrets")  # where Docker Compose puts secrets, a file each, named like the setting


class KafkaSettings(BaseSettings):
    """How the broker is reached; all that a command needs which speaks to Kafka alone."""

    model_config = SettingsConfigDict(
        env_prefix="KINERJA_",
        frozen=True,
        extra="ignore",
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
    )

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    kafka_security_protocol: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL", "SSL"] = "PLAINTEXT"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ca_file: Path | None = None
    kafka_idempotent_producer: bool = True
    """Off only for a broker that lacks it (the embedded one)."""
    kafka_fetch_max_wait_ms: int = Field(default=500, ge=1, le=60_000)
    """How long the broker may hold an empty fetch. The embedded broker looks again only after about half of it."""
    kafka_request_timeout_ms: int = Field(default=15_000, ge=1_000, le=120_000)


class ServiceSettings(KafkaSettings):
    """Read once, in the composition root; frozen afterwards."""

    database_url: SecretStr
    database_pool_size: int = Field(default=8, ge=2, le=50)
    public_url: str = "http://127.0.0.1:8080"
    """The address under which people and machines reach the gateway; links are made from it."""
    timezone: str = "Asia/Jakarta"
    """The IANA zone of the city's units (WIB)."""
    operator_key: SecretStr
    """The bearer token of the operator, accepted by the JSON APIs of every service."""
    link_key: SecretStr
    """Signs the links that open an officer's own pages; the same for all services."""

    kafka_session_timeout_ms: int = Field(default=30_000, ge=1_000, le=300_000)
    """After this silence the group takes a consumer's partitions away. The embedded broker joins in about half of it."""
    kafka_heartbeat_ms: int = Field(default=3_000, ge=100, le=30_000)
    batch_records_max: int = Field(default=5_000, ge=1, le=50_000)
    """The most records of one transaction. Large ones are what makes the path fast; small ones bound its memory."""
    tasks: bool = True
    """Whether this process runs relays, consumers and periodic work beside HTTP."""
