"""asn.dead-letter.v1: a record that could not be used, byte for byte, and why."""

from __future__ import annotations

from typing import Annotated

from pydantic import Base64Bytes, Field

from shared.contracts.base import Code, Part, Record, UtcDateTime

__all__ = ["DeadLetterHeader", "DeadLetterRecord"]


class DeadLetterHeader(Part):
    """One header of the original record; its value may be any bytes, or absent."""

    name: str
    """The header's name."""
    value: Base64Bytes | None = None
    """The header's bytes as base64, or null."""


class DeadLetterRecord(Record):
    """The original record with key, headers and value as base64, where it stood, and the consumer that refused it."""

    topic: str
    """The topic of the original record."""
    partition: Annotated[int, Field(ge=0)]
    """Its partition."""
    offset: Annotated[int, Field(ge=0)]
    """Its offset."""
    consumer: str
    """The service that could not use it."""
    key: Base64Bytes | None = None
    """The original key as base64, or null."""
    value: Base64Bytes | None = None
    """The original value as base64, or null. It may hold personal data: this topic is for operators only."""
    headers: tuple[DeadLetterHeader, ...] = ()
    """The original headers, in order."""
    reason: Code
    """Why it could not be used."""
    detail: Annotated[str, Field(max_length=2000)] = ""
    """The same in words, for the operator."""
    parked_at: UtcDateTime
    """When it was set aside."""
