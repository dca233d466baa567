"""Settings of the feedback service."""

from __future__ import annotations

from pathlib import Path

from shared.settings import ServiceSettings

__all__ = ["Settings"]


class Settings(ServiceSettings):
    """Beside the common ones: where the rules of intake come from."""

    feedback_rules_file: Path = Path(__file__).resolve().parents[2] / "rules" / "feedback" / "default.yaml"
