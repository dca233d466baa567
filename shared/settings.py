"""Settings that every service has. Names in the environment carry the prefix KINERJA_; secrets may be files."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Literal

import pydantic_settings
from pydantic import Field, SecretStr, field_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from shared.secret_files import SECRETS_DIR
from shared.setting_types import BaseUrl, HostPorts, LogLevel, Timezone

__all__ = ["BaseSettings", "DatabaseSettings", "KafkaSettings", "LogSettings", "ServiceSettings"]


class BaseSettings(pydantic_settings.BaseSettings):
    """An empty value is none: a Compose file can leave a setting out in no other way. Programs read them by `read_settings`."""

    model_config = pydantic_settings.SettingsConfigDict(
        env_prefix="KINERJA_",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # a wrong setting is named, and what stands beside it not told
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
    )


class LogSettings(BaseSettings):
    """What every program logs."""

    log_level: LogLevel = "INFO"


class DatabaseSettings(BaseSettings):
    """How a database is reached; all that a migration needs."""

    database_url: SecretStr
    database_password: SecretStr | None = None
    """Put into the URL where that holds none: so the URL can be read by all, and the password is a file."""

    @field_validator("database_url")
    @classmethod
    def _url(cls, value: SecretStr) -> SecretStr:
        try:
            url = make_url(value.get_secret_value())
        except ArgumentError:
            url = None
        if url is None or url.drivername != "postgresql+asyncpg" or not url.database:
            raise ValueError("write postgresql+asyncpg://user@host/database")
        return value

    @property
    def database(self) -> str:
        """The whole URL, with the password."""
        url = self.database_url.get_secret_value()
        if self.database_password is None:
            return url
        whole = make_url(url).set(password=self.database_password.get_secret_value())
        return whole.render_as_string(hide_password=False)


class KafkaSettings(BaseSettings):
    """How the broker is reached; all that a command needs which speaks to Kafka alone."""

    kafka_bootstrap_servers: HostPorts = "127.0.0.1:9092"
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
    kafka_replication_factor: int | None = Field(default=None, ge=1, le=100)
    """How many brokers keep each record, for the commands that make and verify topics; else as the topics file says."""
    kafka_request_timeout_ms: int = Field(default=15_000, ge=1_000, le=120_000)
    kafka_external_address: str | None = None
    """Where readers outside reach Kafka: host:port of each broker, with commas between; none where they cannot."""
    kafka_external_protocol: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL", "SSL"] = "SASL_SSL"


class ServiceSettings(KafkaSettings, DatabaseSettings):
    """Read once, in the composition root; frozen afterwards."""

    database_pool_size: int = Field(default=8, ge=2, le=50)
    public_url: BaseUrl = "http://127.0.0.1:8080"
    """The address under which people and machines reach the gateway; links are made from it."""
    behind_gateway: bool = False
    """Whether our gateway alone reaches this port: then the client's address is the one that it passes on."""
    trusted_proxies: str = ""
    """Proxies before the gateway (CIDRs, with blanks or commas between) whose X-Forwarded-For is believed."""
    timezone: Timezone = "Asia/Jakarta"
    """The IANA zone of the city's units (WIB)."""
    operator_key: SecretStr
    """The bearer token of the operator, accepted by the JSON APIs of every service."""
    link_key: SecretStr
    """Signs the links that open an officer's own pages; the same for all services."""
    link_days: int = Field(default=30, ge=1, le=366)
    """How long such a link opens its page, where nobody says otherwise."""

    kafka_session_timeout_ms: int = Field(default=30_000, ge=1_000, le=300_000)
    """After this silence the group takes a consumer's partitions away. The embedded broker joins in about half of it."""
    kafka_heartbeat_ms: int = Field(default=3_000, ge=100, le=30_000)
    batch_records_max: int = Field(default=5_000, ge=1, le=50_000)
    """The most records of one transaction. Large ones are what makes the path fast; small ones bound its memory."""
    unusable_records_per_minute: int = Field(default=100, ge=0)
    """More than so many new dead letters a minute, or half of a batch, stop the consumer. 0: park whatever comes."""
    page_requests_per_minute: int = Field(default=240, ge=1)
    """Of one address, to pages behind links. Each process counts for itself; a street's shared address is one address."""
    link_requests_per_minute: int = Field(default=60, ge=1)
    """To one link, from anywhere."""
    key_requests_per_minute: int = Field(default=6_000, ge=1)
    """With one API key, from anywhere."""
    refusals_per_minute: int = Field(default=30, ge=1)
    """Wrong links and keys of one address; further ones wait for the next minute."""
    requests_at_once: int = Field(default=100, ge=1)
    """Of one address, being answered at the same time."""
    tasks: bool = True
    """Whether this process runs relays, consumers and periodic work beside HTTP."""

    @property
    def proxy_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """`trusted_proxies`, one by one."""
        return tuple(ipaddress.ip_network(word) for word in re.split(r"[\s,]+", self.trusted_proxies) if word)

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: str) -> str:
        for word in re.split(r"[\s,]+", value):
            try:
                _ = ipaddress.ip_network(word) if word else None
            except ValueError as error:
                raise ValueError(f"{word!r} is no address range: write it as in 10.20.0.0/16") from error
        return value
