"""Settings of the feedback service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import SecretStr

from services.feedback.ratings.rules.intake import intake_rules_from_mapping
from shared.settings.settings import ServiceSettings
from shared.settings.types import rules_in

__all__ = ["Settings"]

_RULES = Path(__file__).resolve().parents[2] / "rules" / "feedback"


class Settings(ServiceSettings):
    """In addition to the common settings: the file of the intake rules, and the key of the ballot boxes."""

    ballot_key: SecretStr
    """Encrypts the ballot boxes. Several lines: the newest key first; the older keys only decrypt existing boxes."""
    feedback_rules_file: Annotated[Path, rules_in(intake_rules_from_mapping)] = _RULES / "default.yaml"
