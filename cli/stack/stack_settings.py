"""The stack's settings in .env, checked together before the services start."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import field_validator

from shared.db.migrations import SERVICES
from shared.settings.reader import environment_name, settings_faults
from shared.settings.settings import BaseSettings, LogSettings
from shared.settings.types import HostName

__all__ = ["name_in_dotenv", "stack_faults", "unreadable_files"]

_HEAP = re.compile(r"-Xm[sx]\d+[kmgKMG]?( -Xm[sx]\d+[kmgKMG]?)*")

# Settings that docker-compose.yml passes on under a name other than KINERJA_ plus their own.
_OTHER_NAMES = {
    "KINERJA_KAFKA_BOOTSTRAP_SERVERS": "KAFKA_BROKERS",
    "KINERJA_FEEDBACK_RULES_FILE": "FEEDBACK_RULES",
    "KINERJA_NOTICE_RULES_FILE": "NOTICE_RULES",
}


class StackSettings(LogSettings):
    """The settings of the containers besides the four services."""

    domain: HostName | None = None
    kafka_external_host: HostName | None = None
    kafka_external_protocol: Literal["SASL_SSL", "SASL_PLAINTEXT"] | None = None
    """HR systems log in at this listener, so only Kafka's SASL protocols are allowed."""
    kafka_heap_opts: str | None = None
    machine_networks: str | None = None
    trusted_proxies: str | None = None

    @field_validator("kafka_heap_opts")
    @classmethod
    def _heap(cls, value: str | None) -> str | None:
        if value is not None and not _HEAP.fullmatch(value):
            raise ValueError("write the smallest and largest size of Java's heap, as in -Xms256m -Xmx512m")
        return value

    @field_validator("machine_networks", "trusted_proxies")
    @classmethod
    def _blanks(cls, value: str | None) -> str | None:
        if value is not None and "," in value:
            raise ValueError("separate networks by blanks, not by commas: 10.20.0.0/16 192.168.7.0/24")
        return value


def name_in_dotenv(variable: str) -> str:
    """The name in .env of the setting that a container reads from `variable`."""
    return _OTHER_NAMES.get(variable, variable.removeprefix("KINERJA_"))


def stack_faults() -> list[str]:
    """A line for each setting of the environment that a service or another container cannot use."""
    kinds: list[type[BaseSettings]] = [StackSettings]
    kinds += [importlib.import_module(f"services.{service}.settings").Settings for service in SERVICES]
    found = (
        line for kind in kinds for line in settings_faults(kind, lambda field: name_in_dotenv(environment_name(field)))
    )
    return list(dict.fromkeys(found))


def unreadable_files(folder: Path) -> Iterator[str]:
    """Files and folders below that this user may not read; `folder` may be missing."""
    if not folder.is_dir():
        return
    if not os.access(folder, os.R_OK | os.X_OK):
        yield folder.name
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from (f"{folder.name}/{name}" for name in unreadable_files(path))
        elif not os.access(path, os.R_OK):
            yield f"{folder.name}/{path.name}"
