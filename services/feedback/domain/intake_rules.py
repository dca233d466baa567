"""The dated numbers of taking ratings, read from a rule file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

__all__ = ["IntakeRules", "intake_rules_from_mapping"]


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """`burst_ratings` of one officer within `burst_span` are believed; the next ones are quarantined."""

    visit_valid_hours: int
    burst_ratings: int
    burst_span: timedelta


def intake_rules_from_mapping(document: Mapping[str, object]) -> IntakeRules:
    """Reads a rule file. Raises ValueError that names the value that is wrong."""
    burst = document.get("burst")
    if set(document) != {"visit_valid_hours", "burst"} or not isinstance(burst, dict):
        raise ValueError("feedback rules: visit_valid_hours and burst are needed, nothing else")
    if set(burst) != {"ratings", "minutes"}:
        raise ValueError("feedback rules: burst has ratings and minutes, nothing else")
    numbers = (document["visit_valid_hours"], burst["ratings"], burst["minutes"])
    if not all(type(number) is int and number > 0 for number in numbers):
        raise ValueError("feedback rules: every number is a whole number above 0")
    return IntakeRules(int(str(numbers[0])), int(str(numbers[1])), timedelta(minutes=int(str(numbers[2]))))
