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
    minimum_respondents: int
    """A satisfaction index of fewer is not told: somebody could guess who said what."""


def intake_rules_from_mapping(document: Mapping[str, object]) -> IntakeRules:
    """Reads a rule file. Raises ValueError that names the value that is wrong."""
    burst = document.get("burst")
    if set(document) != {"visit_valid_hours", "burst", "minimum_respondents"} or not isinstance(burst, dict):
        raise ValueError("feedback rules: visit_valid_hours, burst and minimum_respondents are needed, nothing else")
    if set(burst) != {"ratings", "minutes"}:
        raise ValueError("feedback rules: burst has ratings and minutes, nothing else")
    numbers = (document["visit_valid_hours"], burst["ratings"], burst["minutes"], document["minimum_respondents"])
    if not all(type(number) is int and number > 0 for number in numbers):
        raise ValueError("feedback rules: every number is a whole number above 0")
    hours, ratings, minutes, respondents = (int(str(number)) for number in numbers)
    return IntakeRules(hours, ratings, timedelta(minutes=minutes), respondents)
