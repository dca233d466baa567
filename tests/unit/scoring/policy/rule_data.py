"""The shipped rules and small builders for the scoring tests."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path

import yaml

from services.scoring.policy.rules.ladder import DisciplineRules, discipline_rules_from_mapping
from services.scoring.policy.rules.policy import ScorePolicy, policy_from_mapping
from services.scoring.totals.rules.contribution import TOTALS

RULES = Path(__file__).parents[4] / "rules"


def policy_document(**changes: object) -> dict[str, object]:
    """The shipped policy as data, with top-level values replaced."""
    document: dict[str, object] = yaml.safe_load((RULES / "scoring" / "default.yaml").read_text(encoding="utf-8"))
    return {**copy.deepcopy(document), **changes}


def shipped_policy(**changes: object) -> ScorePolicy:
    return policy_from_mapping(policy_document(**changes))


def shipped_discipline() -> DisciplineRules:
    text = (RULES / "discipline" / "pp94-2021.yaml").read_text(encoding="utf-8")
    return discipline_rules_from_mapping(yaml.safe_load(text))


def totals(**columns: int) -> tuple[int, ...]:
    """Totals with the named columns set and all others 0."""
    assert set(columns) <= set(TOTALS), set(columns) - set(TOTALS)
    return tuple(columns.get(name, 0) for name in TOTALS)


def complete_totals(**columns: int) -> tuple[int, ...]:
    """An officer with every part assessed: 100 / supervisors 80 and 80 / citizens 12 forms, all answers 4."""
    rated = {
        f"{unsur}{part}": value
        for unsur in ("completion_time", "product", "officer_competence", "officer_conduct")
        for part, value in (("_n", 12), ("_sum", 48))
    }
    base = {
        "scheduled_minutes": 4500,
        "credited_minutes": 4500,
        "final_days": 10,
        "work_quality_n": 1,
        "work_quality_sum": 8000,
        "communication_n": 1,
        "communication_sum": 8000,
        "citizen_ratings": 12,
    }
    return totals(**{**base, **rated, **columns})


def d(text: str) -> Decimal:
    return Decimal(text)
