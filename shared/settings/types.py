"""Types of settings that more than one program reads. Each error says what would be correct."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator

from shared.base.rule_documents import Document, read_document

__all__ = ["TIMEZONES", "BaseUrl", "HostName", "HostPorts", "LogLevel", "Timezone", "rules_in"]

TIMEZONES = frozenset(
    name for name in available_timezones() if ("/" in name and not name.startswith("Etc/")) or name == "UTC"
)
"""Zones of places, and UTC. Other names depend on the host (localtime), are no zone (Factory), or mislead: Etc/GMT+7 is
seven hours behind UTC, the opposite of how people read it."""


ABBREVIATIONS = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*")

# Only characters of a URL (RFC 3986): urlsplit drops or accepts blanks, quotes and control characters.
_URL = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")


# No empty part, and % only before two hexadecimal digits.
_PATH = re.compile(r"(/([^/%]|%[0-9A-Fa-f]{2})+)*/?")


def _is_host(value: str) -> bool:
    """Whether it is a host name, an IPv4 address, or an IPv6 address in brackets."""
    if not (value.startswith("[") and value.endswith("]")):
        return _NAME.fullmatch(value) is not None
    try:
        IPv6Address(value[1:-1])
    except ValueError:
        return False
    return True


def _timezone(value: str) -> str:
    if value in TIMEZONES:
        return value
    zones = {name.lower(): name for name in TIMEZONES}
    found = ABBREVIATIONS.get(value.upper()) or zones.get(value.lower())
    raise ValueError(f"write {found}" if found else "name a zone of the IANA database, as in Asia/Jakarta (WIB)")


def _base_url(value: str) -> str:
    hint = "write http:// or https:// and a host name, as in https://kinerja.example.go.id"
    if not _URL.fullmatch(value):
        raise ValueError(hint)
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise ValueError(hint) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or "@" in parts.netloc:
        raise ValueError(hint)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if not _is_host(host) or parts.query or parts.fragment or not _PATH.fullmatch(parts.path):
        raise ValueError(hint)
    return value


def _host(value: str) -> str:
    if not _is_host(value):
        raise ValueError(
            "write a host name or an address, without http:// and without a port, as in mail.example.go.id"
        )
    return value


def _host_ports(value: str) -> str:
    for word in value.split(","):
        host, _, port = word.strip().rpartition(":")
        if not _is_host(host) or not port.isdecimal() or not 1 <= int(port) <= 65_535:
            raise ValueError("write host:port, several with commas between, as in kafka:9092,kafka2:9092")
    return value


def _log_level(value: str) -> str:
    if value.upper() not in _LEVELS:
        raise ValueError(f"write one of {', '.join(_LEVELS)}")
    return value.upper()


Timezone = Annotated[str, AfterValidator(_timezone)]
"""A zone of the IANA database."""
BaseUrl = Annotated[str, AfterValidator(_base_url)]
"""The address that links are made from."""
HostName = Annotated[str, AfterValidator(_host)]
HostPorts = Annotated[str, AfterValidator(_host_ports)]
"""Addresses of brokers."""
LogLevel = Annotated[str, AfterValidator(_log_level)]


def rules_in(parse: Callable[[Document], object]) -> AfterValidator:
    """A file of rules must exist, and `parse` must accept it; `parse` raises RuleError."""

    def check(file: Path) -> Path:
        try:
            parse(read_document(file.read_bytes()))
        except OSError as error:
            raise ValueError(f"name a file that can be read ({error.strerror})") from error
        return file

    return AfterValidator(check)
