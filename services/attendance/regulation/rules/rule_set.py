"""The rule set of attendance: numbers with a date and a decree, loaded from data and validated.

Each local government has its own numbers, so none of them is a constant elsewhere in the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

__all__ = ["AttendanceRules", "Band", "InvalidRulesError", "rules_for", "rules_from_mapping"]

_MAX_MINUTES: Final = 1440


class InvalidRulesError(ValueError):
    """An invalid rule set; the message names the field and what it must be."""


@dataclass(frozen=True, slots=True)
class Band:
    """From this minute up to the next band, a day's lateness or early leave costs `percent`."""

    from_minute: int
    percent: Decimal
    code: str


@dataclass(frozen=True, slots=True)
class AttendanceRules:
    """One version of the rules. Percentages are of the monthly allowance, per event (Decimal, 0..100).

    `absent_percent` is also the maximum for one day; `absent_half_day_percent` replaces it when the officer had to work
    only half of the day. `missing_punch_credit`: the share of the scheduled minutes left after one missing punch (0..1).
    `roster_must_be_complete`: for officers who work by roster only, a date without an entry is unknown, otherwise off.
    `roster_alert_days`: operators get an alert about a roster without entries from this many days ahead on.
    `employment_types` empty means all.
    """

    id: str
    version: int
    decree: str
    effective_from: date
    window_before_minutes: int
    window_after_minutes: int
    grace_minutes: int
    tap_merge_seconds: int
    future_tolerance_seconds: int
    silent_outage_days: int
    missing_punch_credit: Fraction
    late_bands: tuple[Band, ...]
    early_bands: tuple[Band, ...]
    tap_in_missing_percent: Decimal
    tap_out_missing_percent: Decimal
    absent_percent: Decimal
    absent_half_day_percent: Decimal
    roster_must_be_complete: bool = False
    roster_alert_days: int = 7
    employment_types: tuple[str, ...] = ()


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


def rules_from_mapping(data: Mapping[str, Any]) -> AttendanceRules:
    """Validates a mapping (from YAML or JSON) and builds a rule set from it.

    Percentages are whole numbers or quoted decimals, never binary floats. Raises InvalidRulesError for a missing, unknown
    or invalid field.
    """
    unknown = sorted(str(key) for key in data if key not in AttendanceRules.__dataclass_fields__)
    if unknown:
        raise InvalidRulesError(f"unknown fields: {', '.join(unknown)}")
    absent = _percent(data, "absent_percent")
    absent_half = _percent(data, "absent_half_day_percent")
    if absent_half > absent:
        raise InvalidRulesError("absent_half_day_percent must not be above absent_percent")
    return AttendanceRules(
        id=_text(data, "id"),
        version=_integer(data, "version", 1, 1_000_000),
        decree=_text(data, "decree"),
        effective_from=_date(data, "effective_from"),
        window_before_minutes=_integer(data, "window_before_minutes", 0, _MAX_MINUTES),
        window_after_minutes=_integer(data, "window_after_minutes", 0, _MAX_MINUTES),
        grace_minutes=_integer(data, "grace_minutes", 0, _MAX_MINUTES),
        tap_merge_seconds=_integer(data, "tap_merge_seconds", 0, 3600),
        future_tolerance_seconds=_integer(data, "future_tolerance_seconds", 0, 86_400),
        silent_outage_days=_integer(data, "silent_outage_days", 1, 366),
        missing_punch_credit=_fraction(data, "missing_punch_credit"),
        late_bands=_bands(data, "late_bands"),
        early_bands=_bands(data, "early_bands"),
        tap_in_missing_percent=_percent(data, "tap_in_missing_percent"),
        tap_out_missing_percent=_percent(data, "tap_out_missing_percent"),
        absent_percent=absent,
        absent_half_day_percent=absent_half,
        roster_must_be_complete=_yes_or_no(data, "roster_must_be_complete"),
        roster_alert_days=_integer({"roster_alert_days": 7, **data}, "roster_alert_days", 1, 90),
        employment_types=_texts(data, "employment_types"),
    )


def _required(data: Mapping[str, Any], name: str) -> Any:
    if name not in data:
        raise InvalidRulesError(f"{name} is missing")
    return data[name]


def _text(data: Mapping[str, Any], name: str) -> str:
    value = _required(data, name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidRulesError(f"{name} must be text")
    return value.strip()


def _texts(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = data.get(name, ())
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise InvalidRulesError(f"{name} must be a list of texts")
    return tuple(value)


def _integer(data: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = _required(data, name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidRulesError(f"{name} must be a whole number from {low} to {high}")
    return value


def _yes_or_no(data: Mapping[str, Any], name: str) -> bool:
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise InvalidRulesError(f"{name} must be true or false")
    return value


def _date(data: Mapping[str, Any], name: str) -> date:
    value = _required(data, name)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidRulesError(f"{name} must be a date like 2026-01-01") from None


def _percent(data: Mapping[str, Any], name: str) -> Decimal:
    value = _required(data, name)
    message = f'{name} must be a percent from 0 to 100, with decimals in quotes, like "1.25"'
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise InvalidRulesError(message)
    try:
        percent = Decimal(value)
    except InvalidOperation:
        raise InvalidRulesError(message) from None
    if not percent.is_finite() or not 0 <= percent <= 100:
        raise InvalidRulesError(message)
    return percent


def _fraction(data: Mapping[str, Any], name: str) -> Fraction:
    value = _required(data, name)
    message = f'{name} must be a fraction from 0 to 1 in quotes, like "1/2"'
    if isinstance(value, bool) or not isinstance(value, int | str | Fraction):
        raise InvalidRulesError(message)
    try:
        fraction = Fraction(value)
    except (ValueError, ZeroDivisionError):
        raise InvalidRulesError(message) from None
    if not 0 <= fraction <= 1:
        raise InvalidRulesError(message)
    return fraction


def _bands(data: Mapping[str, Any], name: str) -> tuple[Band, ...]:
    """Bands in ascending order. Each one ends where the next begins, so that there are no gaps."""
    value = _required(data, name)
    if not isinstance(value, list | tuple) or not all(isinstance(each, Mapping) for each in value):
        raise InvalidRulesError(f"{name} must be a list of {{from_minute, percent, code}}")
    try:
        bands = tuple(
            Band(_integer(each, "from_minute", 1, _MAX_MINUTES), _percent(each, "percent"), _text(each, "code"))
            for each in value
        )
    except InvalidRulesError as error:
        raise InvalidRulesError(f"{name}: {error}") from None
    starts = [band.from_minute for band in bands]
    if starts != sorted(set(starts)):
        raise InvalidRulesError(f"{name}: from_minute must increase from band to band")
    return bands
