"""The envelope writes binary mode, reads binary and structured mode, and reports unreadable records."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from shared.contracts.envelope import (
    CONTENT_TYPE,
    STRUCTURED_CONTENT_TYPE,
    Envelope,
    UnreadableRecordError,
    encode,
    header_text,
    payload_of,
    recorded_at_of,
)
from shared.contracts.events.feedback import FeedbackRecord
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import ALL_TOPICS, DEAD_LETTER, FEEDBACK

EVENT_ID = UUID("0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f77")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
RATING = FeedbackRecord.model_validate(EXAMPLES[FEEDBACK.name][0])


def _encoded() -> Envelope:
    return encode(FEEDBACK, RATING, source="feedback", event_id=EVENT_ID, traceparent=TRACE)


def _structured(**event: object) -> tuple[list[tuple[str, bytes | None]], bytes]:
    whole = {"specversion": "1.0", "type": FEEDBACK.name, **event}
    return [("content-type", STRUCTURED_CONTENT_TYPE.encode())], orjson.dumps(whole)


def _reason(headers: list[tuple[str, bytes | None]], value: bytes | None) -> str:
    with pytest.raises(UnreadableRecordError) as refused:
        payload_of(FEEDBACK.name, headers, value)
    return refused.value.reason


def test_binary_mode_carries_the_attributes_as_headers() -> None:
    envelope = _encoded()
    assert dict(envelope.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": str(EVENT_ID).encode(),
        "ce_source": b"/kinerja/feedback",
        "ce_type": b"asn.feedback.v1",
        "ce_time": b"2026-08-04T03:17:42Z",
        "ce_subject": str(RATING.employee_id).encode(),
        "content-type": CONTENT_TYPE.encode(),
        "traceparent": TRACE.encode(),
    }
    assert (envelope.topic, envelope.key) == (FEEDBACK.name, str(RATING.employee_id).encode())


def test_binary_mode_round_trips() -> None:
    envelope = _encoded()
    payload = payload_of(FEEDBACK.name, envelope.headers, envelope.value)
    assert FeedbackRecord.model_validate_json(payload) == RATING


def test_feedback_on_a_unit_is_keyed_by_the_unit_and_has_no_subject() -> None:
    of_unit = RATING.model_copy(update={"employee_id": None})
    envelope = encode(FEEDBACK, of_unit, source="feedback", event_id=EVENT_ID)
    assert envelope.key == b"disdukcapil"
    assert header_text(envelope.headers, "ce_subject") is None
    assert header_text(envelope.headers, "traceparent") is None


@pytest.mark.parametrize("content_type", [STRUCTURED_CONTENT_TYPE, "Application/CloudEvents+JSON; charset=utf-8"])
def test_structured_mode_is_read(content_type: str) -> None:
    _, value = _structured(data=RATING.model_dump(mode="json"))
    payload = payload_of(FEEDBACK.name, [("content-type", content_type.encode())], value)
    assert FeedbackRecord.model_validate_json(payload) == RATING


@pytest.mark.parametrize("headers", [[], [("ce_type", None)], [("ce_id", b"\xff\xfe"), ("content-type", b"\xff")]])
def test_headers_that_are_absent_null_or_not_text_do_not_make_a_record_unreadable(
    headers: list[tuple[str, bytes | None]],
) -> None:
    assert payload_of(FEEDBACK.name, headers, b"{}") == b"{}"


def test_a_record_without_a_value_is_unreadable() -> None:
    assert _reason([], None) == "NO_VALUE"


def test_a_record_of_another_type_is_unreadable_in_both_modes() -> None:
    assert _reason([("ce_type", b"asn.feedback.v2")], b"{}") == "OTHER_TYPE"
    assert _reason([("ce_type", b"\xff\xfe")], b"{}") == "OTHER_TYPE"
    assert _reason(*_structured(type="asn.score.v1", data={})) == "OTHER_TYPE"


@pytest.mark.parametrize("value", [b"", b"{", b"\xff\xfe", b'"\\ud800"'])
def test_a_structured_event_that_is_not_json_is_unreadable(value: bytes) -> None:
    assert _reason([("content-type", STRUCTURED_CONTENT_TYPE.encode())], value) == "NOT_JSON"


@pytest.mark.parametrize("value", [b"[]", b"null", b'{"type": "asn.feedback.v1"}'])
def test_a_structured_event_without_data_is_unreadable(value: bytes) -> None:
    assert _reason([("content-type", STRUCTURED_CONTENT_TYPE.encode())], value) == "NO_DATA"


def test_structured_data_nested_deeper_than_can_be_written_again_is_unreadable_and_does_not_crash() -> None:
    value = b'{"type": "asn.feedback.v1", "data": ' + b"[" * 500 + b"]" * 500 + b"}"
    assert _reason([("content-type", STRUCTURED_CONTENT_TYPE.encode())], value) == "NOT_JSON"


def test_the_time_of_recording_is_read_from_the_header() -> None:
    assert recorded_at_of(_encoded().headers) == datetime(2026, 8, 4, 3, 17, 42, tzinfo=UTC)
    for unreadable in (None, b"yesterday", b"\xff", b"2026-08-04T03:15:00"):
        assert recorded_at_of([("ce_time", unreadable)]) is None
    assert recorded_at_of([]) is None


def test_keys_carry_no_personal_data() -> None:
    personal = ("nip", "name", "email")
    for topic in ALL_TOPICS:
        for example in EXAMPLES[topic.name]:
            key = topic.key_of(topic.model.model_validate(example))
            assert all(example.get(field) not in key for field in personal if example.get(field))


def test_a_dead_letter_keeps_bytes_that_are_not_text() -> None:
    raw = bytes(range(256))
    letter = DEAD_LETTER.model.model_validate(EXAMPLES[DEAD_LETTER.name][0]).model_copy(update={"value": raw})
    envelope = encode(DEAD_LETTER, letter, source="scoring", event_id=EVENT_ID)
    assert DEAD_LETTER.model.model_validate_json(envelope.value).value == raw
