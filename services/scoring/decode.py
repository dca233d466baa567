"""Fast decoding of the two records that come in great numbers.

The structs follow shared.contracts field by field; a test holds the two against each other. Unknown fields are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeVar
from uuid import UUID

import msgspec

from shared.contracts.envelope import UnreadableRecordError, payload_of
from shared.dead_letters import Incoming

__all__ = ["DayRecord", "FeedbackRecord", "day_of", "decode_day", "decode_feedback", "feedback_of"]


T = TypeVar("T")

Revision = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=2880)]
AwareDateTime = Annotated[datetime, msgspec.Meta(tz=True)]
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
DecimalText = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
Points = Annotated[str, msgspec.Meta(pattern=r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$")]
Rating = Annotated[int, msgspec.Meta(ge=1, le=4)]
Unsur = Literal[
    "requirements",
    "procedure",
    "completion_time",
    "cost",
    "product",
    "officer_competence",
    "officer_conduct",
    "complaint_handling",
    "facilities",
]


class Rule(msgspec.Struct, gc=False):
    id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1)]


class Deduction(msgspec.Struct, gc=False):
    code: Code
    percent: DecimalText


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
            raise ValueError("an assessment judges work_quality, public_communication or both")


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
        given = self.assessment
        if given is None:
            return None
        return {"work_quality": given.work_quality, "public_communication": given.public_communication}


_DAY = msgspec.json.Decoder(DayRecord)
_FEEDBACK = msgspec.json.Decoder(FeedbackRecord)


def day_of(record: Incoming) -> tuple[DayRecord, bytes]:
    """The record and its JSON bytes. Raises UnreadableRecordError."""
    payload = payload_of(record.topic, record.headers, record.value)
    return _decoded(_DAY, payload), payload


def feedback_of(record: Incoming) -> tuple[FeedbackRecord, bytes]:
    """The record and its JSON bytes. Raises UnreadableRecordError."""
    payload = payload_of(record.topic, record.headers, record.value)
    return _decoded(_FEEDBACK, payload), payload


def decode_day(payload: bytes) -> DayRecord:
    """Evidence that was decoded once before."""
    return _DAY.decode(payload)


def decode_feedback(payload: bytes) -> FeedbackRecord:
    """Evidence that was decoded once before."""
    return _FEEDBACK.decode(payload)


def _decoded(decoder: msgspec.json.Decoder[T], payload: bytes) -> T:
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        raise UnreadableRecordError("NOT_VALID", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableRecordError("NOT_JSON", str(error)) from error
