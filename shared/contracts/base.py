"""What every record on a topic has, and the types that several of them use."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

__all__ = ["Code", "DecimalText", "Identifier", "OffsetDateTime", "Record", "SemesterText", "UtcDateTime"]

REVISION_MAX = 2**31 - 1  # an int4 column in every consumer


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


UtcDateTime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment in UTC (RFC 3339, any offset is read, Z is written)."""

OffsetDateTime = AwareDatetime
"""A moment with the offset of the unit's zone: its date part is the local date."""

Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
"""A reason, rule or ladder code: capitals, digits and underscores."""

Identifier = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]

SemesterText = Annotated[str, Field(pattern=r"^[0-9]{4}-S[12]$", examples=["2026-S2"])]

DecimalText = Annotated[
    Decimal,
    PlainSerializer(str, return_type=str, when_used="always"),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}),
]
"""An exact decimal number, written as a string: no reader may turn it into a binary float by accident."""


class Record(BaseModel):
    """The full state of one thing at one revision; the highest revision of a thing is the truth.

    Readers ignore fields that they do not know, so that optional fields may come and go within a version.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    revision: Annotated[int, Field(ge=1, le=REVISION_MAX)]
    recorded_at: UtcDateTime
