"""Fast decoding of the two record types of high volume, and the evidence that is stored of them.

The structs follow shared.contracts field by field; a test compares the two. Unknown fields are ignored.
Evidence is a JSON array of all fields that are not columns of the fact's row. It has a third of the record's bytes; the bytes
determine the cost of WAL and pages in Postgres.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeVar
from uuid import UUID

import msgspec

from shared.contracts.envelope import UnreadableRecordError, payload_of
from shared.contracts.events.feedback import Unsur
from shared.messaging.consuming.incoming import Incoming

__all__ = [
    "DayContent",
    "DayRecord",
    "FeedbackContent",
    "FeedbackRecord",
    "day_evidence",
    "day_of",
    "decode_day",
    "decode_feedback",
    "decode_held",
    "encode_held",
    "feedback_evidence",
    "feedback_of",
]


T = TypeVar("T")

Revision = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=2880)]
AwareDateTime = Annotated[datetime, msgspec.Meta(tz=True)]
# Lengths only: patterns run in Python and would double the time of decoding. See _Words.
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Percent = Annotated[str, msgspec.Meta(pattern=r"\A(100(\.0{1,18})?|0{0,15}[0-9]{1,2}(\.[0-9]{1,18})?)\Z")]
Points = Annotated[str, msgspec.Meta(pattern=r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$")]
Rating = Annotated[int, msgspec.Meta(ge=1, le=4)]


class Rule(msgspec.Struct, gc=False):
    id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1)]


class Deduction(msgspec.Struct, gc=False):
    code: Code
    percent: Percent


class DayRecord(msgspec.Struct, gc=False):
    """asn.attendance-day.v1."""

    revision: Revision
    recorded_at: AwareDateTime
    employee_id: UUID
    work_date: date
    state: Literal["provisional", "final"]
    status: Literal["present", "absent", "excused", "official_duty", "off", "unknown"]
    scheduled_minutes: Minutes
    credited_minutes: Minutes
    rule: Rule
    org_unit_id: Identifier
    excuse: Code | None = None
    late_minutes: Minutes = 0
    early_leave_minutes: Minutes = 0
    missing_punches: tuple[Literal["in", "out"], ...] = ()
    first_in: AwareDateTime | None = None
    last_out: AwareDateTime | None = None
    deductions: tuple[Deduction, ...] = ()
    reasons: tuple[Code, ...] = ()


class Assessment(msgspec.Struct, gc=False):
    work_quality: Points | None = None
    public_communication: Points | None = None

    def __post_init__(self) -> None:
        if self.work_quality is None and self.public_communication is None:
            raise ValueError("an assessment has work_quality, public_communication or both")


class FeedbackRecord(msgspec.Struct, gc=False):
    """asn.feedback.v1."""

    revision: Revision
    recorded_at: AwareDateTime
    feedback_id: UUID
    kind: Literal["citizen_rating", "supervisor_assessment"]
    state: Literal["accepted", "quarantined", "withdrawn"]
    org_unit_id: Identifier
    given_at: AwareDateTime
    employee_id: UUID | None = None
    service: Identifier | None = None
    ratings: dict[Unsur, Rating] | None = None
    assessment: Assessment | None = None
    weight_class: Literal["visit", "counter"] = "visit"
    group_id: UUID | None = None
    group_size: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None

    def __post_init__(self) -> None:
        if self.kind == "citizen_rating" and (not self.ratings or self.assessment is not None):
            raise ValueError("a citizen_rating has ratings and no assessment")
        if self.kind == "supervisor_assessment" and (
            self.assessment is None or self.ratings or self.employee_id is None
        ):
            raise ValueError("a supervisor_assessment has an assessment, no ratings, and names the officer")

    @property
    def points(self) -> Mapping[str, Decimal | str | int | None] | None:
        """The assessment as a mapping, for the rules."""
        return _points(self.assessment)


class DayContent(msgspec.Struct, array_like=True, gc=False):
    """The evidence of a day: the record without officer, date and revision."""

    state: str
    status: str
    scheduled_minutes: int
    credited_minutes: int
    excuse: str | None
    late_minutes: int
    early_leave_minutes: int
    missing_punches: tuple[str, ...]
    first_in: AwareDateTime | None
    last_out: AwareDateTime | None
    deductions: tuple[Deduction, ...]
    rule: Rule
    reasons: tuple[str, ...]
    org_unit_id: str
    recorded_at: AwareDateTime


class FeedbackContent(msgspec.Struct, array_like=True, gc=False):
    """The evidence of a feedback: the record without id, officer and revision."""

    kind: str
    state: str
    given_at: AwareDateTime
    ratings: dict[str, int] | None
    assessment: Assessment | None
    weight_class: str
    service: str | None
    org_unit_id: str
    recorded_at: AwareDateTime
    group_id: UUID | None = None
    group_size: int | None = None

    @property
    def points(self) -> Mapping[str, Decimal | str | int | None] | None:
        """The assessment as a mapping, for the rules."""
        return _points(self.assessment)


def _points(given: Assessment | None) -> Mapping[str, Decimal | str | int | None] | None:
    if given is None:
        return None
    return {"work_quality": given.work_quality, "public_communication": given.public_communication}


class _Words(dict[str, None]):
    """Checks strings against a pattern and caches valid ones: a city has few units, services and codes, but many records."""

    def __init__(self, pattern: str, words: str) -> None:
        super().__init__()
        self._pattern = re.compile(pattern)
        self._words = words

    def __missing__(self, word: str) -> None:
        if self._pattern.search(word) is None:
            raise UnreadableRecordError("NOT_VALID", self._words)
        if len(self) >= 10_000:
            self.clear()
        self[word] = None


_IDENTIFIERS = _Words(r"\A[^\x00-\x1f\x7f]{1,100}\Z", "an identifier must not contain control characters")
_CODES = _Words(r"\A[A-Z][A-Z0-9_]{0,63}\Z", "a code consists of capitals, digits and underscores")

_ENCODE = msgspec.json.Encoder().encode
_DAY_CONTENT = msgspec.json.Decoder(DayContent)
_FEEDBACK_CONTENT = msgspec.json.Decoder(FeedbackContent)
_DAY = msgspec.json.Decoder(DayRecord)
_FEEDBACK = msgspec.json.Decoder(FeedbackRecord)


def day_of(record: Incoming) -> DayRecord:
    """The record. Raises UnreadableRecordError."""
    day = _decoded(_DAY, payload_of(record.topic, record.headers, record.value))
    _IDENTIFIERS[day.org_unit_id]
    _IDENTIFIERS[day.rule.id]
    if day.excuse is not None:
        _CODES[day.excuse]
    for code in day.reasons:
        _CODES[code]
    for deduction in day.deductions:
        _CODES[deduction.code]
    return day


def feedback_of(record: Incoming) -> FeedbackRecord:
    """The record. Raises UnreadableRecordError."""
    feedback = _decoded(_FEEDBACK, payload_of(record.topic, record.headers, record.value))
    _IDENTIFIERS[feedback.org_unit_id]
    if feedback.service is not None:
        _IDENTIFIERS[feedback.service]
    return feedback


def day_evidence(day: DayRecord) -> bytes:
    """The fields of a day that are not columns, encoded; `decode_day` reads them."""
    return _ENCODE(
        (
            day.state, day.status, day.scheduled_minutes, day.credited_minutes, day.excuse, day.late_minutes,
            day.early_leave_minutes, day.missing_punches, day.first_in, day.last_out, day.deductions, day.rule,
            day.reasons, day.org_unit_id, day.recorded_at,
        )
    )  # fmt: skip


def feedback_evidence(feedback: FeedbackRecord) -> bytes:
    """The fields of a feedback that are not columns, encoded; `decode_feedback` reads them."""
    return _ENCODE(
        (
            feedback.kind, feedback.state, feedback.given_at, feedback.ratings, feedback.assessment,
            feedback.weight_class, feedback.service, feedback.org_unit_id, feedback.recorded_at, feedback.group_id,
            feedback.group_size,
        )
    )  # fmt: skip


def decode_day(evidence: bytes) -> DayContent:
    """The content of a stored day."""
    return _DAY_CONTENT.decode(evidence)


def decode_feedback(evidence: bytes) -> FeedbackContent:
    """The content of a stored feedback."""
    return _FEEDBACK_CONTENT.decode(evidence)


def encode_held(feedback: FeedbackRecord) -> bytes:
    """Encodes a whole record that waits for the rest of its group; `decode_held` reads it."""
    return _ENCODE(feedback)


def decode_held(record: bytes) -> FeedbackRecord:
    """Decodes a held record."""
    return _FEEDBACK.decode(record)


def _decoded(decoder: msgspec.json.Decoder[T], payload: bytes) -> T:
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        raise UnreadableRecordError("NOT_VALID", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableRecordError("NOT_JSON", str(error)) from error
