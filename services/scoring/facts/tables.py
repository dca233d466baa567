"""Tables of this room."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, Index, Integer, SmallInteger, text
from sqlmodel import Field

from services.scoring.base import Base
from shared.db.database import utc_field

__all__ = ["DayFact", "Employee", "FeedbackFact", "HeldRating"]


class Employee(Base, table=True):
    """The officer's fields that scoring needs, at the highest revision received."""

    __tablename__ = "employee"

    employee_id: UUID = Field(primary_key=True)
    revision: int
    name: str
    employment_type: str
    org_unit_id: str
    org_unit_name: str
    superior_id: UUID | None = None


class DayFact(Base, table=True):
    """A work date at its highest revision: its contribution, its previous contribution (`was_*`), and its evidence."""

    __tablename__ = "day_fact"

    employee_id: UUID = Field(primary_key=True)
    work_date: date = Field(primary_key=True)
    semester: int = Field(sa_type=SmallInteger)
    revision: int
    scheduled_minutes: int = Field(sa_type=SmallInteger)
    credited_minutes: int = Field(sa_type=SmallInteger)
    final_days: int = Field(sa_type=SmallInteger)
    unexcused_days: int = Field(sa_type=SmallInteger)
    provisional_days: int = Field(sa_type=SmallInteger)
    was_scheduled: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    was_credited: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    was_final: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    was_unexcused: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    was_provisional: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    record: bytes
    """The rest of the record, as a JSON array: the evidence for explanation and verification."""


class FeedbackFact(Base, table=True):
    """A rating or assessment at its highest revision; officer and semester may differ between revisions."""

    __tablename__ = "feedback_fact"
    __table_args__ = (Index("feedback_fact_of_officer", "employee_id", "semester"),)

    feedback_id: UUID = Field(primary_key=True)
    revision: int
    employee_id: UUID | None = None
    semester: int = Field(sa_type=SmallInteger)
    totals: list[int] = Field(sa_type=ARRAY(Integer))
    """In the order of FEEDBACK_TOTALS."""
    was_employee_id: UUID | None = None
    was_semester: int | None = Field(default=None, sa_type=SmallInteger)
    was_totals: list[int] | None = Field(default=None, sa_type=ARRAY(Integer), nullable=True)
    record: bytes


class HeldRating(Base, table=True):
    """A citizen's rating that waits for the rest of its group and does not count yet."""

    __tablename__ = "held_rating"
    __table_args__ = (Index("held_rating_of_group", "group_id", "revision"),)

    feedback_id: UUID = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    group_id: UUID
    held_at: datetime = utc_field()
    record: bytes
