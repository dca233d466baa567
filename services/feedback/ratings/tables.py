"""Tables of this room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger, text
from sqlmodel import Field

from services.feedback.base import Base
from shared.db.database import utc_field

__all__ = ["BallotBox", "CityRemainder", "Feedback"]


class BallotBox(Base, table=True):
    """Ballots of one target that wait for a group. The target is an officer in a unit, a unit, or (both null) the city."""

    __tablename__ = "ballot_box"
    __table_args__ = (
        Index("ballot_box_due", "box_id", postgresql_where=text("due")),
        Index("ballot_box_quarantined", "box_id", postgresql_where=text("quarantined")),
    )

    box_id: UUID = Field(primary_key=True)
    employee_id: UUID | None = None
    org_unit_id: str | None = None
    weight_class: str | None = None
    due: bool
    """A group can be published."""
    quarantined: bool
    """Some ballots wait for a person's decision."""
    sealed: bytes
    """The content, encrypted: services/feedback/ratings/boxes/seal.py."""


class CityRemainder(Base, table=True):
    """Ratings of a semester that formed no group anywhere, added up over the city."""

    __tablename__ = "city_remainder"

    semester: int = Field(primary_key=True, sa_type=SmallInteger)
    ratings: int
    answers: str
    """JSON: survey element to [number of answers, their sum]."""


class Feedback(Base, table=True):
    """A published rating or assessment at its current revision; `assessor_id` is null for citizens."""

    __tablename__ = "feedback"
    __table_args__ = (
        Index("feedback_of_officer", "employee_id", "given_at"),
        Index("feedback_shown", text("coalesce(group_id, feedback_id)")),
        Index("feedback_group", "group_id", postgresql_where=text("group_id is not null")),
    )

    feedback_id: UUID = Field(primary_key=True)
    revision: int
    kind: str
    state: str
    employee_id: UUID | None = None
    org_unit_id: str
    given_at: datetime = utc_field()
    group_id: UUID | None = None
    """The group of a citizen's rating; null for an assessment."""
    assessor_id: UUID | None = None
    reason: str | None = None
    """Why it was withdrawn."""
    record: str
    """The published record, JSON."""
