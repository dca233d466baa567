"""The rule set of attendance: numbers with a date and a decree, loaded from data and validated.

Each local government has its own numbers, so none of them is a constant elsewhere in the code.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import AfterValidator, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from shared.base.rule_models import CodeText, Day, Flag, RulePart, Share, checked, exact, fault, text, whole

__all__ = ["AttendanceRules", "Band", "rules_for", "rules_from_mapping"]

_MAX_MINUTES: Final = 1440
_Name = Annotated[str, text(100, one_line=True)]
_Minutes = Annotated[int, whole(0, _MAX_MINUTES)]
_Percent = Annotated[Decimal, exact(0, 100, what="a percent")]


@dataclass(frozen=True, slots=True)
class Band(RulePart):
    """From this minute up to the next band, a day's lateness or early leave costs `percent`."""

    from_minute: Annotated[int, whole(1, _MAX_MINUTES)]
    percent: _Percent
    code: CodeText


def _ascending(bands: tuple[Band, ...]) -> tuple[Band, ...]:
    """Each band ends where the next begins, so that there are no gaps."""
    starts = [band.from_minute for band in bands]
    if starts != sorted(set(starts)):
        raise fault("from_minute must increase from band to band")
    return bands


_Bands = Annotated[tuple[Band, ...], AfterValidator(_ascending)]


@dataclass(frozen=True, slots=True)
class AttendanceRules(RulePart):
    """One version of the rules. Percentages are of the monthly allowance, per event (Decimal, 0..100).

    `absent_percent` is also the maximum for one day; `absent_half_day_percent` replaces it when the officer had to work
    only half of the day. `missing_punch_credit`: the share of the scheduled minutes left after one missing punch (0..1).
    `roster_must_be_complete`: for officers who work by roster only, a date without an entry is unknown, otherwise off.
    `roster_alert_days`: operators get an alert about a roster without entries from this many days ahead on.
    `employment_types` empty means all.
    """

    id: _Name
    version: Annotated[int, whole(1, 1_000_000)]
    decree: _Name
    effective_from: Day
    window_before_minutes: _Minutes
    window_after_minutes: _Minutes
    grace_minutes: _Minutes
    tap_merge_seconds: Annotated[int, whole(0, 3600)]
    future_tolerance_seconds: Annotated[int, whole(0, 86_400)]
    silent_outage_days: Annotated[int, whole(1, 366)]
    missing_punch_credit: Share
    late_bands: _Bands
    early_bands: _Bands
    tap_in_missing_percent: _Percent
    tap_out_missing_percent: _Percent
    absent_percent: _Percent
    absent_half_day_percent: _Percent
    roster_must_be_complete: Flag = False
    roster_alert_days: Annotated[int, whole(1, 90)] = 7
    employment_types: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _half_is_less(self) -> Self:
        if self.absent_half_day_percent > self.absent_percent:
            raise fault("must not be above absent_percent", "absent_half_day_percent")
        return self


_RULES = TypeAdapter(AttendanceRules)


def rules_for(work_date: date, employment_type: str, rule_sets: Sequence[AttendanceRules]) -> AttendanceRules | None:
    """The rule set in force on a date: the latest one for this employment type, else the latest one for all types.

    For equal dates the higher version wins. None when no rule set is in force yet.
    """
    in_force = [
        rules
        for rules in rule_sets
        if rules.effective_from <= work_date
        and (not rules.employment_types or employment_type in rules.employment_types)
    ]
    return max(
        in_force,
        key=lambda rules: (bool(rules.employment_types), rules.effective_from, rules.version),
        default=None,
    )


def rules_from_mapping(document: object) -> AttendanceRules:
    """The rule set of a rule file. Raises RuleError."""
    return checked(_RULES, document, "attendance rules")
