"""The dated parameters for accepting and publishing ratings, read from a rule file."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from shared.base.rule_models import DAYS_MAX, RulePart, checked, fault, whole
from shared.contracts.events.feedback import GROUP_FLOOR

__all__ = ["Burst", "Delay", "IntakeRules", "intake_rules_from_mapping"]

_Count = Annotated[int, whole(1)]


def _hides_voters(minimum: int) -> int:
    if minimum < GROUP_FLOOR:
        raise fault(f"must be at least {GROUP_FLOOR}: fewer would reveal who said what")
    return minimum


@dataclass(frozen=True, slots=True)
class Burst(RulePart):
    """Up to `ratings` of one officer within `minutes` are accepted; further ones are quarantined."""

    ratings: _Count
    minutes: _Count


@dataclass(frozen=True, slots=True)
class Delay(RulePart):
    """A random delay between these two values, in seconds."""

    least: _Count
    most: _Count

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            raise fault("least must not exceed most")
        return self


@dataclass(frozen=True, slots=True)
class IntakeRules(RulePart):
    """The parameters of a rule file."""

    visit_valid_hours: _Count
    visit_retention_days: Annotated[int, whole(1, DAYS_MAX)]
    """How long a visit is stored after its link has expired."""
    burst: Burst
    group_minimum: Annotated[int, whole(1), AfterValidator(_hides_voters)]
    """The minimum number of ratings that are published together; at least GROUP_FLOOR."""
    publish_after_seconds: Delay
    """When a full group is published."""
    minimum_respondents: _Count
    """With fewer respondents no satisfaction index is shown: somebody could guess a respondent's answers."""

    @property
    def visit_retention(self) -> timedelta:
        """How long a visit is stored after its link has expired."""
        return timedelta(days=self.visit_retention_days)


_RULES = TypeAdapter(IntakeRules)


def intake_rules_from_mapping(document: object) -> IntakeRules:
    """The rules of a rule file. Raises RuleError."""
    return checked(_RULES, document, "feedback rules")
