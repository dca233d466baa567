"""Settings of the notification service."""

from __future__ import annotations

import ipaddress
import re
import ssl
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from services.notifications.grounds.rules.rule_set import rules_from_mapping
from shared.base.email_address import checked_address
from shared.settings.settings import ServiceSettings
from shared.settings.types import HostName, HostPorts, rules_in

__all__ = ["Settings", "TlsMode"]

TlsMode = Literal["none", "starttls", "implicit"]

_PORTS: dict[TlsMode, int] = {"none": 25, "starttls": 587, "implicit": 465}
SENDER_NAME_MAX = 100
"""Characters; a longer one is no name."""
_NAMED_ADDRESS = re.compile(r'\s*"?(?P<name>[^"<>]*?)"?\s*<(?P<address>[^<>]*)>\s*')
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}")
_ADDRESS_LITERAL = re.compile(r"\[(?:IPv6:)?(?P<address>[0-9A-Fa-f:.]+)\]")

_RULES = Path(__file__).resolve().parents[2] / "rules" / "notices"


class Settings(ServiceSettings):
    """In addition to the common settings: the rules, and the mail server (without one, only the inbox is used)."""

    batch_records_max: int = Field(default=500, ge=1, le=50_000)
    """Each employee record and each notice needs several SQL statements: small batches keep transactions short."""
    notice_rules_file: Annotated[Path, rules_in(rules_from_mapping)] = _RULES / "default.yaml"
    smtp_host: HostName | None = None
    smtp_port: int = Field(default=0, ge=0, le=65_535)
    """0: the default port of the TLS mode (none 25, starttls 587, implicit 465)."""
    smtp_tls: TlsMode = "starttls"
    """`starttls` sends nothing to a server without STARTTLS; `implicit` is TLS from the first byte."""
    smtp_starttls: bool | None = None
    """The setting of earlier releases; replaced by `smtp_tls`."""
    smtp_ca_file: Path | None = None
    """PEM certificates of authorities that are trusted in addition to the system's."""
    smtp_from: str | None = None
    """`kinerja@example.go.id`, or `Name <kinerja@example.go.id>`."""
    smtp_from_name: str | None = None
    smtp_helo_name: str | None = None
    """The fully qualified host name or address literal that is sent in EHLO."""
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    kafka_external_listener: HostPorts | None = None
    """host:port at which this service reaches Kafka's listener for HR systems, to watch its certificate."""

    @property
    def mail_port(self) -> int:
        """The mail server's port."""
        return self.smtp_port or _PORTS[self.smtp_tls]

    @property
    def sender(self) -> tuple[str, str]:
        """The sender's (display name, address). Raises ValueError without a usable address."""
        text = self.smtp_from or ""
        found = _NAMED_ADDRESS.fullmatch(text)
        name, address = (found["name"], found["address"]) if found else ("", text)
        return self.smtp_from_name or name or "Kinerja", checked_address(address)

    @property
    def helo_name(self) -> str:
        """The name for EHLO. Never the machine's own name: in a container it is a random id, which servers reject."""
        public = urlsplit(self.public_url).hostname or ""
        return self.smtp_helo_name or (public if _HOST_NAME.fullmatch(public) else self.sender[1].rpartition("@")[2])

    @property
    def login(self) -> tuple[str, str] | None:
        """(user name, password); None without a login."""
        password = self.smtp_password.get_secret_value() if self.smtp_password else ""
        return (self.smtp_username, password) if self.smtp_username else None

    def tls_context(self) -> ssl.SSLContext | None:
        """The context that verifies the server's certificate and name; None without TLS. Raises OSError for an unreadable CA
        file."""
        if self.smtp_tls == "none":
            return None
        context = ssl.create_default_context()
        if self.smtp_ca_file is not None:
            context.load_verify_locations(cafile=self.smtp_ca_file)
        return context

    @field_validator("smtp_helo_name")
    @classmethod
    def _helo(cls, value: str | None) -> str | None:
        if value is None or _HOST_NAME.fullmatch(value):
            return value
        literal = _ADDRESS_LITERAL.fullmatch(value)
        try:
            _ = ipaddress.ip_address(literal["address"] if literal else "")
        except ValueError:
            raise ValueError("it should be a full host name like kinerja.example.go.id, or [192.0.2.1]") from None
        return value

    @model_validator(mode="after")
    def _mail(self) -> Self:
        if self.smtp_host is None:
            return self
        if self.smtp_starttls is False:
            raise ValueError(
                "SMTP_STARTTLS=false is no longer a setting: write SMTP_TLS=none (port 25, or set SMTP_PORT)"
            )
        if self.smtp_starttls and self.smtp_tls != "starttls":
            raise ValueError(f"SMTP_STARTTLS=true contradicts SMTP_TLS={self.smtp_tls}: remove SMTP_STARTTLS")
        if self.smtp_from is None:
            raise ValueError("SMTP_FROM is missing: set the address that mails come from, like kinerja@example.go.id")
        try:
            _ = self.sender
        except ValueError as error:
            raise ValueError(f"SMTP_FROM={self.smtp_from!r}: {error}") from None
        name = self.sender[0]
        if not name.isprintable() or "=?" in name or len(name) > SENDER_NAME_MAX:
            raise ValueError(
                f"SMTP_FROM_NAME: must be one line of at most {SENDER_NAME_MAX} printable characters, not encoded (no =?)"
            )
        if self.smtp_username and not self.smtp_password:
            raise ValueError(
                "SMTP_USERNAME is set without a password: write it to deploy/secrets/smtp_password, or remove the name"
            )
        if self.smtp_password and not self.smtp_username:
            raise ValueError(
                "smtp_password is set without SMTP_USERNAME: set the user name, or empty the password's file"
            )
        try:
            self.tls_context()
        except OSError as error:
            fault = f"SMTP_CA_FILE={str(self.smtp_ca_file)!r}: must be a readable file with PEM certificates"
            raise ValueError(f"{fault} ({type(error).__name__})") from None
        return self
