"""asn.dead-letter.v1: a record that could not be used, where its bytes are stored, and why."""

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
    """The original record with key, headers and value as base64, its position, and the consumer that refused it.

    A key or headers above 16 KiB, or a value above 256 KiB, stay in that consumer's database: here they are null or empty,
    the size fields give their sizes, and `whole_at` gives the path of the whole record.
    """

    topic: str
    """The topic of the original record."""
    partition: Annotated[int, Field(ge=0)]
    """Its partition."""
    offset: Annotated[int, Field(ge=0)]
    """Its offset."""
    consumer: str
    """The service that could not use it."""
    key: Base64Bytes | None = None
    """The original key as base64; null if there is none, or if it is too large."""
    key_bytes: Annotated[int, Field(ge=0)] | None = None
    """The size of the original key; null if there is none."""
    value: Base64Bytes | None = None
    """The original value as base64; null if there is none, or if it is too large.

    It may hold personal data: this topic is for operators only.
    """
    value_bytes: Annotated[int, Field(ge=0)] | None = None
    """The size of the original value; null if there is none."""
    headers: tuple[DeadLetterHeader, ...] = ()
    """The original headers, in order; empty if they are too large together."""
    header_count: Annotated[int, Field(ge=0)] | None = None
    """How many headers the original record has."""
    whole_at: str | None = None
    """The path of the consumer's route that returns the whole record, for operators; null if nothing is left out here."""
    reason: Code
    """Why it could not be used."""
    detail: Annotated[str, Field(max_length=2000)] = ""
    """The explanation, for the operator."""
    parked_at: UtcDateTime
    """When it was set aside."""
