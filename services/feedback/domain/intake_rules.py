"""The dated numbers of taking and publishing ratings, read from a rule file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.feedback import GROUP_FLOOR

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
    """`burst_ratings` of one officer within `burst_minutes` are believed; the next ones are quarantined."""

    visit_valid_hours: int
    visit_retention: timedelta
    """How long a visit is kept after its link has ended."""
    burst_ratings: int
    burst_minutes: int
    group_minimum: int
    """The fewest ratings that are published together; at least GROUP_FLOOR."""
    publish_seconds: tuple[int, int]
    """A full group waits for a random time between these before it is published."""
    minimum_respondents: int
    """A satisfaction index of fewer is not shown: somebody could guess who said what."""


def intake_rules_from_mapping(document: Mapping[str, object]) -> IntakeRules:
    """Reads a rule file. Raises ValueError that names the value that is wrong."""
    _has(document, _NAMES, "")
    parts = {name: document[name] for name in _PARTS}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise ValueError(f"feedback rules: {name} has {' and '.join(sorted(_PARTS[name]))}")
        _has(part, _PARTS[name], f"{name}: ")
    flat = {name: value for name, value in document.items() if name not in _PARTS}
    flat |= {f"{name}.{inner}": value for name, part in parts.items() for inner, value in part.items()}  # type: ignore[attr-defined]
    numbers = {name: _number(name, value) for name, value in flat.items()}
    if numbers["group_minimum"] < GROUP_FLOOR:
        raise ValueError(f"feedback rules: group_minimum is at least {GROUP_FLOOR}: fewer would tell who said what")
    least, most = numbers["publish_after_seconds.least"], numbers["publish_after_seconds.most"]
    if least > most:
        raise ValueError("feedback rules: publish_after_seconds: least is not above most")
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
        raise ValueError(f"feedback rules: {where}{', '.join(sorted(names))} are needed, nothing else")


def _number(name: str, value: object) -> int:
    if type(value) is not int or value <= 0:
        raise ValueError(f"feedback rules: {name} is a whole number above 0")
    return value
