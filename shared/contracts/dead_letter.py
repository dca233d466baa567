"""asn.dead-letter.v1: a record that could not be used, byte for byte, and why."""

from __future__ import annotations

from typing import Annotated

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from shared.contracts.base import Code, Record, UtcDateTime

__all__ = ["DeadLetterHeader", "DeadLetterRecord"]


class DeadLetterHeader(BaseModel):
    """One header of the original record; its value may be any bytes, or absent."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    value: Base64Bytes | None = None


class DeadLetterRecord(Record):
    """The original record with key, headers and value as base64, where it stood, and the consumer that refused it."""

    topic: str
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    consumer: str
    key: Base64Bytes | None = None
    value: Base64Bytes | None = None
    headers: tuple[DeadLetterHeader, ...] = ()
    reason: Code
    detail: Annotated[str, Field(max_length=2000)] = ""
    parked_at: UtcDateTime
