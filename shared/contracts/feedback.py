"""asn.feedback.v1: one citizen rating or one supervisor assessment."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.base import DecimalText, Identifier, OffsetDateTime, Record

__all__ = ["Assessment", "FeedbackKind", "FeedbackRecord", "FeedbackState", "Unsur"]

FeedbackKind = Literal["citizen_rating", "supervisor_assessment"]
FeedbackState = Literal["accepted", "quarantined", "withdrawn"]
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
"""The nine survey elements of PermenPANRB 14/2017, by name: public forms number two of them differently."""

Points = Annotated[DecimalText, Field(ge=0, le=100, max_digits=5, decimal_places=2)]


class Assessment(BaseModel):
    """A supervisor's points, 0 to 100 with at most two decimals; an indicator not judged is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    work_quality: Points | None = None
    public_communication: Points | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.work_quality is None and self.public_communication is None:
            raise ValueError("an assessment judges work_quality, public_communication or both")
        return self


class FeedbackRecord(Record):
    """One citizen rating (1 to 4 per survey element) or one supervisor assessment.

    Never the citizen and never free text. `given_at` carries the offset of the unit's zone: its date part decides
    the semester. `employee_id` is null where the visit was to a unit as a whole.
    """

    feedback_id: UUID
    kind: FeedbackKind
    state: FeedbackState
    employee_id: UUID | None = None
    org_unit_id: Identifier
    service: Identifier | None = None
    given_at: OffsetDateTime
    ratings: dict[Unsur, Annotated[int, Field(ge=1, le=4)]] | None = None
    assessment: Assessment | None = None
    weight_class: Literal["visit", "counter"] = "visit"

    @model_validator(mode="after")
    def _one_kind_of_content(self) -> Self:
        if self.kind == "citizen_rating" and (not self.ratings or self.assessment is not None):
            raise ValueError("a citizen_rating has ratings and no assessment")
        if self.kind == "supervisor_assessment":
            if self.assessment is None or self.ratings:
                raise ValueError("a supervisor_assessment has an assessment and no ratings")
            if self.employee_id is None:
                raise ValueError("a supervisor_assessment names the officer in employee_id")
        return self
