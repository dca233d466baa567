"""Fast decoding of the two record types of high volume, and the evidence that is stored of them.

The structs follow shared.contracts field by field; a test compares the two. Unknown fields are ignored.
A record is its content and its key. The content is stored as evidence, a JSON array of all fields that are not columns of the
fact's row: a third of the record's bytes, which determine the cost of WAL and pages in Postgres.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
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
# Lengths only: patterns run in Python and would double the time of decoding. See _Checked.
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


class DayContent(msgspec.Struct, array_like=True, kw_only=True, gc=False):
    """A day's record without officer, date and revision: the evidence of a day fact, an array in this order."""

    state: Literal["provisional", "final"]
    status: Literal["present", "absent", "excused", "official_duty", "off", "unknown"]
    scheduled_minutes: Minutes
    credited_minutes: Minutes
    excuse: Code | None = None
    late_minutes: Minutes = 0
    early_leave_minutes: Minutes = 0
    missing_punches: tuple[Literal["in", "out"], ...] = ()
    first_in: AwareDateTime | None = None
    last_out: AwareDateTime | None = None
    deductions: tuple[Deduction, ...] = ()
    rule: Rule
    reasons: tuple[Code, ...] = ()
    org_unit_id: Identifier
    recorded_at: AwareDateTime


class DayRecord(DayContent, array_like=False, kw_only=True, gc=False):
    """asn.attendance-day.v1."""

    revision: Revision
    employee_id: UUID
    work_date: date


class Assessment(msgspec.Struct, gc=False):
    work_quality: Points | None = None
    public_communication: Points | None = None

    def __post_init__(self) -> None:
        if self.work_quality is None and self.public_communication is None:
            raise ValueError("an assessment has work_quality, public_communication or both")


class FeedbackContent(msgspec.Struct, array_like=True, kw_only=True, gc=False):
    """A feedback's record without id, officer and revision: the evidence of a feedback fact, an array in this order."""

    kind: Literal["citizen_rating", "supervisor_assessment"]
    state: Literal["accepted", "quarantined", "withdrawn"]
    given_at: AwareDateTime
    ratings: dict[Unsur, Rating] | None = None
    assessment: Assessment | None = None
    weight_class: Literal["visit", "counter"] = "visit"
    service: Identifier | None = None
    org_unit_id: Identifier
    recorded_at: AwareDateTime
    group_id: UUID | None = None
    group_size: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None

    @property
    def points(self) -> Mapping[str, Decimal | str | int | None] | None:
        """The assessment as a mapping, for the rules."""
        if self.assessment is None:
            return None
        return {
            "work_quality": self.assessment.work_quality,
            "public_communication": self.assessment.public_communication,
        }


class FeedbackRecord(FeedbackContent, array_like=False, kw_only=True, gc=False):
    """asn.feedback.v1."""

    revision: Revision
    feedback_id: UUID
    employee_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.kind == "citizen_rating" and (not self.ratings or self.assessment is not None):
            raise ValueError("a citizen_rating has ratings and no assessment")
        if self.kind == "supervisor_assessment" and (
            self.assessment is None or self.ratings or self.employee_id is None
        ):
            raise ValueError("a supervisor_assessment has an assessment, no ratings, and names the officer")


class _Checked(dict[str, None]):
    """Checks strings against a pattern and caches valid ones: a city has few units, services and codes, but many records."""

    def __init__(self, pattern: str, message: str) -> None:
        super().__init__()
        self._pattern = re.compile(pattern)
        self._message = message

    def __missing__(self, string: str) -> None:
        if self._pattern.search(string) is None:
            raise UnreadableRecordError("NOT_VALID", self._message)
        if len(self) >= 10_000:
            self.clear()
        self[string] = None


_IDENTIFIERS = _Checked(r"\A[^\x00-\x1f\x7f]{1,100}\Z", "an identifier must not contain control characters")
_CODES = _Checked(r"\A[A-Z][A-Z0-9_]{0,63}\Z", "a code consists of capitals, digits and underscores")

_ENCODE = msgspec.json.Encoder().encode
_DAY_FIELDS = attrgetter(*DayContent.__struct_fields__)
_FEEDBACK_FIELDS = attrgetter(*FeedbackContent.__struct_fields__)
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
    """The content of a day, encoded; `decode_day` reads it."""
    return _ENCODE(_DAY_FIELDS(day))


def feedback_evidence(feedback: FeedbackRecord) -> bytes:
    """The content of a feedback, encoded; `decode_feedback` reads it."""
    return _ENCODE(_FEEDBACK_FIELDS(feedback))


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
    """The record that `encode_held` wrote."""
    return _FEEDBACK.decode(record)


def _decoded(decoder: msgspec.json.Decoder[T], payload: bytes) -> T:
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        raise UnreadableRecordError("NOT_VALID", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableRecordError("NOT_JSON", str(error)) from error
