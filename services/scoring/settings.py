"""Settings of the scoring service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from services.scoring.policy.rules.ladder import discipline_rules_from_mapping
from services.scoring.policy.rules.policy import policy_from_mapping
from shared.settings.settings import ServiceSettings
from shared.settings.types import rules_in

__all__ = ["Settings"]

_RULES = Path(__file__).resolve().parents[2] / "rules"


class Settings(ServiceSettings):
    """In addition to the common settings: the files of the first rule sets, which are loaded once into an empty table."""

    scoring_policy_file: Annotated[Path, rules_in(policy_from_mapping)] = _RULES / "scoring" / "default.yaml"
    discipline_rules_file: Annotated[Path, rules_in(discipline_rules_from_mapping)] = (
        _RULES / "discipline" / "pp94-2021.yaml"
    )
