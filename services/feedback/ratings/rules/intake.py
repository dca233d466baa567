"""The dated parameters for accepting and publishing ratings, read from a rule file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.events.feedback import GROUP_FLOOR

__all__ = ["IntakeRules", "intake_rules_from_mapping"]

_NAMES = {
    "visit_valid_hours",
    "visit_retention_days",
    "burst",
    "group_minimum",
    "publish_after_seconds",
    "minimum_respondents",
}
_PARTS = {"burst": {"ratings", "minutes"}, "publish_after_seconds": {"least", "most"}}


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """Up to `burst_ratings` of one officer within `burst_minutes` are accepted; further ones are quarantined."""

    visit_valid_hours: int
    visit_retention: timedelta
    """How long a visit is stored after its link has expired."""
    burst_ratings: int
    burst_minutes: int
    group_minimum: int
    """The minimum number of ratings that are published together; at least GROUP_FLOOR."""
    publish_seconds: tuple[int, int]
    """A full group is published after a random delay between these two values, in seconds."""
    minimum_respondents: int
    """With fewer respondents no satisfaction index is shown: somebody could guess a respondent's answers."""


def intake_rules_from_mapping(document: Mapping[str, object]) -> IntakeRules:
    """Reads a rule file. Raises ValueError that names the invalid value."""
    _has(document, _NAMES, "")
    parts = {name: document[name] for name in _PARTS}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise ValueError(f"feedback rules: {name} must have {' and '.join(sorted(_PARTS[name]))}")
        _has(part, _PARTS[name], f"{name}: ")
    flat = {name: value for name, value in document.items() if name not in _PARTS}
    flat |= {f"{name}.{inner}": value for name, part in parts.items() for inner, value in part.items()}  # type: ignore[attr-defined]
    numbers = {name: _number(name, value) for name, value in flat.items()}
    if numbers["group_minimum"] < GROUP_FLOOR:
        raise ValueError(
            f"feedback rules: group_minimum must be at least {GROUP_FLOOR}: fewer would reveal who said what"
        )
    least, most = numbers["publish_after_seconds.least"], numbers["publish_after_seconds.most"]
    if least > most:
        raise ValueError("feedback rules: publish_after_seconds: least must not exceed most")
    return IntakeRules(
        visit_valid_hours=numbers["visit_valid_hours"],
        visit_retention=timedelta(days=numbers["visit_retention_days"]),
        burst_ratings=numbers["burst.ratings"],
        burst_minutes=numbers["burst.minutes"],
        group_minimum=numbers["group_minimum"],
        publish_seconds=(least, most),
        minimum_respondents=numbers["minimum_respondents"],
    )


def _has(document: Mapping[str, object], names: set[str], where: str) -> None:
    if set(document) != names:
        raise ValueError(f"feedback rules: {where}exactly {', '.join(sorted(names))} are required")


def _number(name: str, value: object) -> int:
    if type(value) is not int or value <= 0:
        raise ValueError(f"feedback rules: {name} must be a whole number above 0")
    return value
