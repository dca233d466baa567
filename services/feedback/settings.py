"""Settings of the feedback service."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from shared.settings import ServiceSettings

__all__ = ["Settings"]


class Settings(ServiceSettings):
    """Beside the common ones: where the rules of intake come from, and the key of the ballot boxes."""

    ballot_key: SecretStr
    """Seals what waits in ballot boxes. Several lines: the newest first, the others open what was sealed before."""
    feedback_rules_file: Path = Path(__file__).resolve().parents[2] / "rules" / "feedback" / "default.yaml"
