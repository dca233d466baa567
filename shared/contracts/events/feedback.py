"""asn.feedback.v1: one citizen rating, always in a group, or one supervisor assessment."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, WithJsonSchema, model_validator

from shared.contracts.base import Identifier, OffsetDateTime, Part, PercentText, Record

__all__ = ["GROUP_FLOOR", "Assessment", "FeedbackKind", "FeedbackRecord", "FeedbackState", "Points", "Unsur"]

GROUP_FLOOR = 3
"""No city may publish or show citizens' ratings in smaller groups than this, whatever its rules say."""

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
    """A supervisor's points, 0 to 100 with at most two decimals; an indicator that is not assessed is left out."""

    work_quality: Points | None = None
    """The quality of the work, 0 to 100."""
    public_communication: Points | None = None
    """How the officer deals with the public, 0 to 100."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.work_quality is None and self.public_communication is None:
            raise ValueError("an assessment has work_quality, public_communication or both")
        return self


class FeedbackRecord(Record):
    """One citizen rating (1 to 4 per survey element) or one supervisor assessment.

    Never the citizen and never free text.

    A citizen's rating is published only in a group: with at least two, by default four, other ratings of the same
    officer, unit, weight class and semester. The ratings of a group are written in one transaction, in random order, with
    new ids, the same `recorded_at` and the same `given_at`; the order has no meaning. Apply a group whole or not at all:
    wait until `group_size` records of one `group_id` and one revision are there. A group is also withdrawn as a whole;
    its ratings that still count are published later in another group, with other ids. Do not show single ratings to anybody.

    At the end of a semester, ratings that are too few for a group of their officer are published as one group of the unit,
    with `employee_id` null: they count for the unit, not for an officer.
    """

    feedback_id: UUID
    """The rating or assessment."""
    kind: FeedbackKind
    """A citizen's rating or a supervisor's assessment."""
    state: FeedbackState
    """Only accepted feedback counts. Kinerja does not publish feedback in quarantine: the value `quarantined` exists for
    records of other producers, and does not count."""
    employee_id: UUID | None = None
    """The officer who is rated; null if the visit was to a unit as a whole, and in a unit's group at a semester's end."""
    org_unit_id: Identifier
    """The unit that was visited."""
    service: Identifier | None = None
    """The public service of the visit. Null in citizens' ratings: it could identify a visit."""
    given_at: OffsetDateTime
    """With the offset of the unit's zone: its date part decides the semester. An assessment: the time when it was given.
    A citizen's rating: midnight at the start of the date of the group's latest rating, the same for the whole group; its
    own date and time are not published."""
    group_id: UUID | None = None
    """The group of a citizen's rating: all its members have it. Null in an assessment."""
    group_size: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """How many ratings of the same revision the group has. Null in an assessment."""
    ratings: dict[Unsur, Annotated[int, Field(ge=1, le=4)]] | None = None
    """Survey element to rating, 1 (worst) to 4 (best); an element not rated is left out. Only in a citizen_rating."""
    assessment: Assessment | None = None
    """The supervisor's points. Only in a supervisor_assessment."""
    weight_class: Literal["visit", "counter"] = "visit"
    """Whether the rating belongs to one proven visit, or was given at a counter (which weighs less)."""

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
