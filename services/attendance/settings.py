"""Settings of the attendance service."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from services.attendance.hours.rules.week_hours import week_file
from services.attendance.machines.rules.proof import parse_networks
from services.attendance.regulation.rules.rule_set import rules_from_mapping
from shared.settings.settings import ServiceSettings
from shared.settings.types import rules_in

__all__ = ["Settings"]

_RULES = Path(__file__).resolve().parents[2] / "rules" / "attendance"


class Settings(ServiceSettings):
    """The settings of this service besides the common ones. The first rules and hours are loaded once, into empty tables."""

    attendance_rules_file: Annotated[Path, rules_in(rules_from_mapping)] = _RULES / "default.yaml"
    week_schedule_file: Annotated[Path, rules_in(week_file)] = _RULES / "week-schedule.yaml"
    canary_key: SecretStr | None = None
    """Enables the canary. The serial and key of its machine are derived from it. `kinerja canary` punches for it."""
    machine_networks: str = "127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"
    """The networks (CIDRs, separated by spaces or commas) from which machines may use /iclock; others get 404."""
    machine_host: str | None = None
    """The only host name (with its subdomains) for machines; without it every name is accepted."""
    punches_per_minute_max: int = Field(default=60, ge=1)
    """More punches per minute than this at one machine raise a signal: no door lets so many people through."""
    journal_bytes_per_day: int = Field(default=67_108_864, ge=1_048_576)
    """The daily limit for one machine's posts; above it the machine gets a response to try again later."""
    unusable_lines_per_machine: int = Field(default=50_000, ge=1)
    """Unusable lines of one machine that wait for an operator; above this limit its posts are refused and stay on it."""
    journal_days: int = Field(default=400, ge=7)
    """How long posts are stored as received. Punches are not deleted."""
    quarantine_days: int = Field(default=400, ge=7)
    """How long unusable lines are stored."""
    refused_days: int = Field(default=30, ge=1)
    """How long a refused contact and its lines are stored after its last request."""
    first_work_date: date | None = None
    """No day before it is ever computed; without it, the first day of the previous semester applies."""

    @property
    def machine_network_list(self) -> tuple[str, ...]:
        """`machine_networks` as separate networks."""
        return parse_networks(word for word in re.split(r"[\s,]+", self.machine_networks) if word)

    @field_validator("machine_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        if not parse_networks(word for word in re.split(r"[\s,]+", value) if word):
            raise ValueError("set at least one network of machines, like 10.20.0.0/16")
        return value

    @field_validator("machine_host")
    @classmethod
    def _host(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", value):
            raise ValueError("write a host name in lower case, without port, like adms.example.go.id")
        return value
