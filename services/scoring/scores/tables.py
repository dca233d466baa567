"""Tables of this room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import SmallInteger
from sqlmodel import Field

from services.scoring.base import Base
from shared.db.database import utc_field

__all__ = ["PublishedScore", "RescoreDue", "SemesterOpening"]


class PublishedScore(Base, table=True):
    """The last published record of an officer's semester: revisions without gaps, and the record to publish again."""

    __tablename__ = "published_score"

    employee_id: UUID = Field(primary_key=True)
    semester: int = Field(primary_key=True, sa_type=SmallInteger)
    revision: int
    record: bytes


class SemesterOpening(Base, table=True):
    """A semester that has been opened: its units' priors are fixed."""

    __tablename__ = "semester_opening"

    semester: int = Field(primary_key=True, sa_type=SmallInteger)
    opened_at: datetime = utc_field()


class RescoreDue(Base, table=True):
    """Scores of all semesters from this one on have to be computed again."""

    __tablename__ = "rescore_due"

    first_semester: int = Field(primary_key=True, sa_type=SmallInteger)
    requested_at: datetime = utc_field()
