"""CloudEvents 1.0 on Kafka: binary mode is written, binary and structured mode are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pydantic import ValidationError

from shared.contracts.base import Record
from shared.contracts.topics import Topic

__all__ = [
    "CONTENT_TYPE",
    "STRUCTURED_CONTENT_TYPE",
    "Envelope",
    "UnreadableRecordError",
    "decode_record",
    "encode",
    "header_text",
    "payload_of",
    "recorded_at_of",
]

R = TypeVar("R", bound=Record)

CONTENT_TYPE = "application/json"
STRUCTURED_CONTENT_TYPE = "application/cloudevents+json"
_JSON = ("content-type", CONTENT_TYPE.encode())
_STRUCTURED = STRUCTURED_CONTENT_TYPE.encode()

Headers = Sequence[tuple[str, bytes | None]]


class UnreadableRecordError(ValueError):
    """A record whose bytes do not follow the contract; `reason` is a code, the message says what is wrong."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """One record ready to send: the exact bytes, and the CloudEvents attributes as Kafka headers."""

    event_id: UUID
    topic: str
    key: bytes
    headers: tuple[tuple[str, bytes], ...]
    value: bytes


def encode(
    topic: Topic[Any], record: Record, *, source: str, event_id: UUID, traceparent: str | None = None
) -> Envelope:
    """The binary-mode form of a record of the service `source`: `ce_` headers, JSON value, key by the topic's rule."""
    value = orjson.dumps(record.model_dump(mode="json"))
    attributes: list[tuple[str, bytes]] = [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(event_id).encode()),
        ("ce_source", f"/kinerja/{source}".encode()),
        ("ce_type", topic.name.encode()),
        ("ce_time", record.recorded_at.isoformat().replace("+00:00", "Z").encode()),
    ]
    subject = topic.subject_of(record)
    if subject is not None:
        attributes.append(("ce_subject", subject.encode()))
    attributes.append(("content-type", CONTENT_TYPE.encode()))
    if traceparent is not None:
        attributes.append(("traceparent", traceparent.encode()))
    return Envelope(event_id, topic.name, topic.key_of(record).encode(), tuple(attributes), value)


def header_text(headers: Headers, name: str) -> str | None:
    """A header's text, or None if it is absent, null or not UTF-8 (headers never make a record unreadable)."""
    for header, value in headers:
        if header == name and value is not None:
            try:
                return value.decode()
            except UnicodeDecodeError:
                return None
    return None


def payload_of(topic: str, headers: Headers, value: bytes | None) -> bytes:
    """The JSON bytes of the record itself, from either mode.

    Raises UnreadableRecordError for a record without a value, and for one with another event type.
    """
    if value is None:
        raise UnreadableRecordError("NO_VALUE", "the record has no value")
    if _JSON in headers and ("ce_type", topic.encode()) in headers:
        return value  # what our own relay writes
    event_type: str | None = None
    structured = False
    for name, content in headers:
        if content is None:
            continue
        if name == "ce_type":
            event_type = content.decode("utf-8", "replace")
        elif name == "content-type":
            structured = content.lower().startswith(_STRUCTURED)
    if structured:
        try:
            event = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise UnreadableRecordError("NOT_JSON", f"the structured event is not JSON: {error}") from error
        if not isinstance(event, dict) or "data" not in event:
            raise UnreadableRecordError("NO_DATA", "the structured event has no data")
        event_type = event.get("type") if isinstance(event.get("type"), str) else None
        try:
            value = orjson.dumps(event["data"])
        except orjson.JSONEncodeError as error:  # orjson reads deeper nesting than it writes
            raise UnreadableRecordError("NOT_JSON", f"the structured event's data is out of bounds: {error}") from error
    if event_type is not None and event_type != topic:
        raise UnreadableRecordError(
            "OTHER_TYPE", f"the event says it is of type {event_type[:100]!r}, on topic {topic}"
        )
    return value


def decode_record(topic: Topic[R], headers: Headers, value: bytes | None) -> R:
    """The record itself. Raises UnreadableRecordError with the reason NOT_JSON or NOT_VALID, or those of payload_of."""
    payload = payload_of(topic.name, headers, value)
    try:
        return topic.model.model_validate_json(payload)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        reason = "NOT_JSON" if any(fault["type"] == "json_invalid" for fault in faults) else "NOT_VALID"
        message = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:5])
        raise UnreadableRecordError(reason, message) from error


def recorded_at_of(headers: Headers) -> datetime | None:
    """When the producer recorded the event, for latency metrics; None if the header is absent or unreadable."""
    text = header_text(headers, "ce_time")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
