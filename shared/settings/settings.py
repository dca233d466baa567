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

from shared.settings.secret_files import SECRETS_DIR
from shared.settings.types import BaseUrl, HostPorts, LogLevel, Timezone

__all__ = ["BaseSettings", "DatabaseSettings", "KafkaSettings", "LogSettings", "ServiceSettings"]


class BaseSettings(pydantic_settings.BaseSettings):
    """An empty value means unset: a Compose file has no other way to leave a setting out. Programs use `read_settings`."""

    model_config = pydantic_settings.SettingsConfigDict(
        env_prefix="KINERJA_",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # the error names a wrong setting without its value
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
    )


class LogSettings(BaseSettings):
    """What every program logs."""

    log_level: LogLevel = "INFO"


class DatabaseSettings(BaseSettings):
    """The connection to a database: all that a migration needs."""

    database_url: SecretStr
    database_password: SecretStr | None = None
    """Added to a URL without a password: so the URL is not secret, and the password can be a file."""

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
    """The connection to the broker: all that a command needs that only uses Kafka."""

    kafka_bootstrap_servers: HostPorts = "127.0.0.1:9092"
    kafka_security_protocol: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL", "SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "PLAIN"] = "SCRAM-SHA-512"
    """PLAIN is for the administrator, who exists before Kafka stores any user."""
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ca_file: Path | None = None
    kafka_idempotent_producer: bool = True
    """Off only for a broker that does not support it (the embedded one)."""
    kafka_fetch_max_wait_ms: int = Field(default=500, ge=1, le=60_000)
    """How long the broker may hold an empty fetch. The embedded broker looks again only after about half of it."""
    kafka_replication_factor: int | None = Field(default=None, ge=1, le=100)
    """How many brokers store each record, for the commands that create and verify topics; default: the topics file's."""
    kafka_request_timeout_ms: int = Field(default=15_000, ge=1_000, le=120_000)
    kafka_external_address: HostPorts | None = None
    """Kafka's address for external readers: host:port of each broker, separated by commas; empty if there is none."""
    kafka_external_protocol: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL", "SSL"] = "SASL_SSL"


class ServiceSettings(KafkaSettings, DatabaseSettings):
    """Read once, in the composition root; frozen afterwards."""

    database_pool_size: int = Field(default=8, ge=2, le=50)
    public_url: BaseUrl = "http://127.0.0.1:8080"
    """The gateway's address for people and machines; links are built from it."""
    behind_gateway: bool = False
    """Whether only our gateway reaches this port: then the client's address comes from its X-Forwarded-For."""
    trusted_proxies: str = ""
    """Proxies before the gateway (CIDRs, separated by blanks or commas) whose X-Forwarded-For is trusted."""
    timezone: Timezone = "Asia/Jakarta"
    """The IANA zone of the city's units (WIB)."""
    operator_key: SecretStr
    """The bearer token of the operator, accepted by the JSON APIs of every service."""
    link_key: SecretStr
    """Signs the links that open an officer's own pages; the same for all services."""
    link_days: int = Field(default=30, ge=1, le=366)
    """How long such a link is valid by default."""

    kafka_session_timeout_ms: int = Field(default=30_000, ge=1_000, le=300_000)
    """After this time without a heartbeat the group reassigns a consumer's partitions. The embedded broker needs about half
    of it for a join."""
    kafka_heartbeat_ms: int = Field(default=3_000, ge=100, le=30_000)
    batch_records_max: int = Field(default=5_000, ge=1, le=50_000)
    """The most records of one transaction. Large ones are fast; small ones need less memory."""
    unusable_records_per_minute: int = Field(default=100, ge=0)
    """More than so many new dead letters a minute, or half of a batch, stop the consumer. 0: no limit."""
    page_requests_per_minute: int = Field(default=240, ge=1)
    """From one address, to pages behind links. Each process counts for itself; clients behind one NAT count together."""
    link_requests_per_minute: int = Field(default=60, ge=1)
    """To one link, from anywhere."""
    key_requests_per_minute: int = Field(default=6_000, ge=1)
    """With one API key, from anywhere."""
    refusals_per_minute: int = Field(default=30, ge=1)
    """Wrong links and keys from one address; further ones wait for the next minute."""
    requests_at_once: int = Field(default=100, ge=1)
    """Requests from one address that are processed at the same time."""
    tasks: bool = True
    """Whether this process runs relays, consumers and periodic work besides HTTP."""

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
                raise ValueError(f"{word!r} is not an address range: write it as in 10.20.0.0/16") from error
        return value
