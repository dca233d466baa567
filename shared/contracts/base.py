"""The fields of every record, and the types that several records use."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

__all__ = [
    "Code",
    "DecimalText",
    "Identifier",
    "OffsetDateTime",
    "Part",
    "PercentText",
    "Record",
    "SemesterText",
    "ShareText",
    "UtcDateTime",
    "to_utc",
]

REVISION_MAX = 2**31 - 1  # an int4 column in every consumer
PLAIN_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)


def to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first and last hours of the calendar, with an offset
        raise ValueError("a moment lies within the years 1 to 9999 in UTC") from None


def _plain_decimal(value: Any) -> Any:
    """Refuses inexact values (a float) and other notations (1e9, NaN, too many digits)."""
    if isinstance(value, str):
        if PLAIN_DECIMAL.fullmatch(value) is None:
            raise ValueError("write a decimal in plain notation, as in 91.50")
    elif not isinstance(value, Decimal | int) or isinstance(value, bool):
        raise ValueError("a decimal is a string: a JSON number or a float has no exact value")
    return value


def _as_text(value: Decimal) -> str:
    # str() would write Decimal("1E+2") with its exponent; a zero is written without a sign.
    return format(value or abs(value), "f")


UtcDateTime = Annotated[AwareDatetime, AfterValidator(to_utc)]
"""A timestamp in UTC (RFC 3339; read with any offset, written with Z)."""

OffsetDateTime = AwareDatetime
"""A timestamp with the offset of the unit's zone: its date part is the local date."""

Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
"""A reason, rule or ladder code: capitals, digits and underscores."""

Identifier = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]

SemesterText = Annotated[str, Field(pattern=r"^[0-9]{4}-S[12]$", examples=["2026-S2"])]

DecimalText = Annotated[
    Decimal,
    BeforeValidator(_plain_decimal),
    PlainSerializer(_as_text, return_type=str, when_used="always"),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]{1,18}(\.[0-9]{1,18})?$"}),
]
"""An exact decimal number, written as a string: no reader may turn it into a binary float by accident."""

PercentText = Annotated[
    DecimalText,
    Field(ge=0, le=100),
    WithJsonSchema({"type": "string", "pattern": r"^(100(\.0{1,18})?|[0-9]{1,2}(\.[0-9]{1,18})?)$"}),
]
"""A DecimalText from 0 to 100."""

ShareText = Annotated[
    DecimalText,
    Field(ge=0, le=1),
    WithJsonSchema({"type": "string", "pattern": r"^(1(\.0{1,18})?|0(\.[0-9]{1,18})?)$"}),
]
"""A DecimalText from 0 to 1."""


class Part(BaseModel):
    """An object inside a record. Unknown fields are ignored, so that optional ones may come and go within a version."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


class Record(Part):
    """The full state of one thing at one revision; the highest revision of a thing is the valid one."""

    revision: Annotated[int, Field(ge=1, le=REVISION_MAX)]
    """Counts the states of this one thing, from 1. Keep the highest; a lower or equal one changes nothing. Refuse one that is
    more than 1,000,000 above the one you keep (0 for a thing that you do not know): no owner reaches it by counting."""
    recorded_at: UtcDateTime
    """When the producer recorded this state, in UTC."""
