"""A record as received from the broker, and its dead letter, which always fits on its topic."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from shared.contracts.events.dead_letter import DeadLetterHeader, DeadLetterRecord
from shared.settings.url_space import PREFIXES

__all__ = ["LETTER_BYTES_MAX", "Incoming", "dead_letter", "encodable", "size_of"]

LETTER_BYTES_MAX = 524_288
"""Limit of a dead letter's key, headers and value together, before compression: half of the default limit of topic and
broker (1 MiB). It follows from the limits of the parts and from a topic name of at most 249 characters."""
VALUE_BYTES_MAX = 262_144  # base64 makes it a third larger
KEY_BYTES_MAX = 16_384
HEADERS_BYTES_MAX = 16_384  # JSON may need six characters for one character of a name
HEADER_FRAME_BYTES = 32  # JSON overhead of a header besides its name and value


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as received from the broker, not decoded."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    fault: str | None = None
    """Why the client library could not parse it; the value is then the raw bytes of the whole record."""


def dead_letter(
    service: str, record: Incoming, reason: str, detail: str, *, generation: int, now: datetime
) -> DeadLetterRecord:
    """The dead letter of a parked record: at most LETTER_BYTES_MAX when encoded."""
    headers_bytes = sum(len(encodable(n).encode()) + (size_of(v) or 0) + HEADER_FRAME_BYTES for n, v in record.headers)
    key = record.key if (size_of(record.key) or 0) <= KEY_BYTES_MAX else None
    value = record.value if (size_of(record.value) or 0) <= VALUE_BYTES_MAX else None
    headers = record.headers if headers_bytes <= HEADERS_BYTES_MAX else ()
    whole = (key, value, len(headers)) == (record.key, record.value, len(record.headers))
    place = f"{quote(record.topic, safe='')}/{record.partition}/{record.offset}"
    query = f"?generation={generation}" if generation else ""
    return DeadLetterRecord(
        revision=generation + 1,
        recorded_at=now,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        consumer=service,
        key=_encoded(key),
        key_bytes=size_of(record.key),
        value=_encoded(value),
        value_bytes=size_of(record.value),
        headers=tuple(DeadLetterHeader(name=encodable(n), value=_encoded(v)) for n, v in headers),
        header_count=len(record.headers),
        whole_at=None if whole else f"/{PREFIXES[service]}/v1/dead-letters/{place}{query}",
        reason=reason,
        detail=detail,
        parked_at=now,
    )


def size_of(content: bytes | None) -> int | None:
    """Its size in bytes; None if there is none."""
    return None if content is None else len(content)


def encodable(characters: str) -> str:
    """The text in a form that JSON can encode: without lone surrogates."""
    return characters.encode("utf-8", "replace").decode()


def _encoded(value: bytes | None) -> bytes | None:
    # pydantic's Base64Bytes takes the encoded form
    return None if value is None else base64.b64encode(value)
