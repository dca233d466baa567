"""Settings that every service has. Names in the environment carry the prefix KINERJA_; secrets may be files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

__all__ = ["SECRETS_DIR", "DatabaseSettings", "KafkaSettings", "ServiceSettings"]

SECRETS_DIR = Path("/run/secrets")  # where Docker Compose puts secrets, a file each, named like the setting


class _Settings(BaseSettings):
    """An empty value is none: a Compose file can leave a setting out in no other way."""

    model_config = SettingsConfigDict(
        env_prefix="KINERJA_",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # a wrong setting is named, and what stands beside it not told
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
    )


class DatabaseSettings(_Settings):
    """How a database is reached; all that a migration needs."""

    database_url: SecretStr
    database_password: SecretStr | None = None
    """Put into the URL where that holds none: so the URL can be read by all, and the password is a file."""

    @property
    def database(self) -> str:
        """The whole URL, with the password."""
        url = self.database_url.get_secret_value()
        if self.database_password is None:
            return url
        whole = make_url(url).set(password=self.database_password.get_secret_value())
        return whole.render_as_string(hide_password=False)


class KafkaSettings(_Settings):
    """How the broker is reached; all that a command needs which speaks to Kafka alone."""

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    kafka_security_protocol: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL", "SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "PLAIN"] = "SCRAM-SHA-512"
    """PLAIN is the administrator's, who exists before Kafka keeps any user."""
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ca_file: Path | None = None
    kafka_idempotent_producer: bool = True
    """Off only for a broker that lacks it (the embedded one)."""
    kafka_fetch_max_wait_ms: int = Field(default=500, ge=1, le=60_000)
    """How long the broker may hold an empty fetch. The embedded broker looks again only after about half of it."""
    kafka_request_timeout_ms: int = Field(default=15_000, ge=1_000, le=120_000)


class ServiceSettings(KafkaSettings, DatabaseSettings):
    """Read once, in the composition root; frozen afterwards."""

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
