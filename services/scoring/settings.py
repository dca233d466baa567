"""Settings of the scoring service."""

from __future__ import annotations

from pathlib import Path

from shared.settings import ServiceSettings

__all__ = ["Settings"]

_RULES = Path(__file__).resolve().parents[2] / "rules"


class Settings(ServiceSettings):
    """Beside the common ones: where the first rule sets come from. They are loaded once, into an empty table."""

    scoring_policy_file: Path = _RULES / "scoring" / "default.yaml"
    discipline_rules_file: Path = _RULES / "discipline" / "pp94-2021.yaml"
