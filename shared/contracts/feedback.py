"""asn.feedback.v1: one citizen rating or one supervisor assessment."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, WithJsonSchema, model_validator

from shared.contracts.base import Identifier, OffsetDateTime, Part, PercentText, Record

__all__ = ["Assessment", "FeedbackKind", "FeedbackRecord", "FeedbackState", "Points", "Unsur"]

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

Points = Annotated[
    PercentText,
    Field(max_digits=5, decimal_places=2),
    WithJsonSchema({"type": "string", "pattern": r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$"}),
]


class Assessment(Part):
    """A supervisor's points, 0 to 100 with at most two decimals; an indicator not judged is left out."""

    work_quality: Points | None = None
    """The quality of the work, 0 to 100."""
    public_communication: Points | None = None
    """How the officer deals with the public, 0 to 100."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.work_quality is None and self.public_communication is None:
            raise ValueError("an assessment judges work_quality, public_communication or both")
        return self


class FeedbackRecord(Record):
    """One citizen rating (1 to 4 per survey element) or one supervisor assessment.

    Never the citizen and never free text.
    """

    feedback_id: UUID
    """The rating or assessment."""
    kind: FeedbackKind
    """A citizen's rating or a supervisor's assessment."""
    state: FeedbackState
    """Only accepted feedback counts; quarantined waits for a person, withdrawn no longer counts."""
    employee_id: UUID | None = None
    """The officer who is rated; null where the visit was to a unit as a whole."""
    org_unit_id: Identifier
    """The unit that was visited."""
    service: Identifier | None = None
    """The public service that the visit was for."""
    given_at: OffsetDateTime
    """When it was given, with the offset of the unit's zone: its date part decides the semester."""
    ratings: dict[Unsur, Annotated[int, Field(ge=1, le=4)]] | None = None
    """Survey element to rating, 1 (worst) to 4 (best); an element not rated is left out. Only in a citizen_rating."""
    assessment: Assessment | None = None
    """The supervisor's points. Only in a supervisor_assessment."""
    weight_class: Literal["visit", "counter"] = "visit"
    """Whether the rating is tied to one proven visit, or was left at a counter (which weighs less)."""

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
