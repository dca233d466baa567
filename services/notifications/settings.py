"""Settings of the notification service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from services.notifications.domain.rules import rules_from_mapping
from shared.setting_types import HostPorts, rules_in
from shared.settings import ServiceSettings

__all__ = ["Settings"]

_RULES = Path(__file__).resolve().parents[2] / "rules" / "notices"


class Settings(ServiceSettings):
    """Beside the common ones: the rules, and the mail server (without one, the inbox alone is used)."""

    batch_records_max: int = Field(default=500, ge=1, le=50_000)
    """An officer's record is a few statements of its own here, and so is each notice: a batch stays one short transaction."""
    notice_rules_file: Annotated[Path, rules_in(rules_from_mapping)] = _RULES / "default.yaml"
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_from: str = "kinerja@localhost"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = False
    kafka_external_listener: HostPorts | None = None
    """host:port under which this service reaches Kafka's listener for HR systems, to watch its certificate."""
