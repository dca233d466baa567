"""Rule files as pydantic models: the types of their values, and errors with the line, the field and what is right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, PlainValidator, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from shared.base.rule_documents import RuleError
from shared.base.rule_faults import rule_error

__all__ = ["DAYS_MAX", "ClockTime", "CodeText", "Day", "Flag", "RuleError", "RulePart", "Share", "Text", "checked",
           "every", "exact", "fault", "only", "text", "whole"]  # fmt: skip

R = TypeVar("R")

NUMBER_MAX = 2**31 - 1
DAYS_MAX = 365_000
"""A thousand years: a date so many days ago still exists."""
VALUE_CHARS_MAX = 50
"""Characters that a message shows of a wrong value."""

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_SHARE = re.compile(r"\s*\+?(?:[0-9]{1,30}/[0-9]{1,30}|[0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE][+-]?[0-9]{1,2})?)\s*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def checked(rules: TypeAdapter[R], content: object, name: str) -> R:
    """The content of a rule file as rules. `name` says in the message which rules they are.

    A `Document` gives each error its line. Raises RuleError.
    """
    try:
        return rules.validate_python(content)
    except ValidationError as error:
        raise rule_error(name, error, content) from None


def fault(message: str, at: str = "") -> PydanticCustomError:
    """An error of a rule that concerns several values; `at` is the field among them to correct."""
    return PydanticCustomError("rule", "{message}", {"message": message, "at": at})


@dataclass(frozen=True, slots=True)
class RulePart:
    """The base of every part of a rule file. A misspelt name is refused: it must not be ignored silently."""

    @model_validator(mode="before")
    @classmethod
    def _known_names(cls, content: Any) -> Any:
        return _only(content, [field.name for field in fields(cls)])


def only(*names: str) -> BeforeValidator:
    """A mapping whose names are some of these."""
    return BeforeValidator(lambda content: _only(content, names))


def every(*names: str) -> BeforeValidator:
    """A mapping that has exactly these names; they are put in this order."""

    def check(content: Any) -> Any:
        _only(content, names)
        if not isinstance(content, Mapping):
            return content
        for name in names:
            if name not in content:
                raise fault(f"is missing: {', '.join(names)} are all required", name)
        return {name: content[name] for name in names}

    return BeforeValidator(check)


def whole(low: int, high: int = NUMBER_MAX) -> BeforeValidator:
    """A whole number from low to high."""

    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            too_large = type(value) is int and value > high
            limits = f"from {low} to {high}" if too_large or high < NUMBER_MAX else f"above {low - 1}"
            raise fault(f"must be a whole number {limits}, not {_shown(value)}")
        return value

    return BeforeValidator(check)


def exact(
    low: int, high: int, *, places: int | None = None, what: str = "a number", quoted: bool = False
) -> BeforeValidator:
    """An exact number from low to high, with at most `places` decimals.

    Decimals must be quoted: a parser would turn 0.35 into a binary float that is not 0.35. `quoted`: whole numbers too.
    """
    limits = f"from {low} to {high}" + ("" if places is None else f" with at most {places} decimals")

    def check(value: Any) -> Decimal:
        if isinstance(value, float):
            raise fault(f'must be {what} in quotes to keep it exact: "{value}"')
        try:
            number = Decimal(value) if isinstance(value, str | Decimal) or (type(value) is int and not quoted) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite():
            raise fault(f"must be {what} in quotes, not {_shown(value)}")
        exponent = number.as_tuple().exponent
        if not low <= number <= high or (places is not None and isinstance(exponent, int) and -exponent > places):
            raise fault(f"must be {what} {limits}, not {_shown(value)}")
        return number

    return BeforeValidator(check)


def text(characters: int, *, one_line: bool = False) -> BeforeValidator:
    """Text of 1 to so many characters, without the blanks around it."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > characters:
            raise fault(f"must be text of 1 to {characters} characters")
        if one_line and _CONTROL.search(value.strip()):
            raise fault("must be text in one line, without control characters")
        return value.strip()

    return BeforeValidator(check)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise fault("must be true or false")
    return value


def _code(value: Any) -> str:
    if not isinstance(value, str) or not _CODE.fullmatch(value.strip()):
        raise fault(f"must be a code of capitals, digits and underscores, not {_shown(value)}")
    return value.strip()


def _day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise fault(f"must be a date like 2026-01-01, not {_shown(value)}") from None


def _share(value: Any) -> Fraction:
    try:
        # "1e999999999" would take the process to compute: an exponent has at most two digits
        known = (
            isinstance(value, Fraction) or type(value) is int or (isinstance(value, str) and _SHARE.fullmatch(value))
        )
        share = Fraction(value) if known else None
    except (ValueError, ZeroDivisionError):
        share = None
    if share is None or not 0 <= share <= 1:
        raise fault(f'must be a fraction from 0 to 1 in quotes, like "1/2", not {_shown(value)}')
    return share


def _clock_time(value: Any) -> time | None:
    if value is None or isinstance(value, time):
        return value
    try:
        if not isinstance(value, str) or len(value) != len("07:30"):
            raise ValueError
        return time.fromisoformat(value)
    except ValueError:
        raise fault(f'must be a time like "07:30", not {_shown(value)}') from None


Text = Annotated[str, text(500)]
CodeText = Annotated[str, BeforeValidator(_code)]
"""A code: capitals, digits and underscores."""
Day = Annotated[date, BeforeValidator(_day)]
"""A date, as a YAML date or ISO text."""
Flag = Annotated[bool, BeforeValidator(_flag)]
Share = Annotated[Fraction, PlainValidator(_share)]
"""A fraction from 0 to 1."""
ClockTime = BeforeValidator(_clock_time)
"""A time of day like "07:30"."""


def _only(content: Any, names: Any) -> Any:
    if isinstance(content, Mapping):
        unknown = sorted(str(name) for name in content if name not in names)
        if unknown:
            raise PydanticCustomError("rule", "unknown name", {"unknown": unknown, "known": ", ".join(sorted(names))})
    return content


def _shown(value: object) -> str:
    written = repr(value)
    return written if len(written) <= VALUE_CHARS_MAX else f"{written[:VALUE_CHARS_MAX]}..."
