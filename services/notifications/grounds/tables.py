"""Tables of this room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import SmallInteger
from sqlmodel import Field

from services.notifications.base import Base
from shared.db.database import utc_field

__all__ = ["Discipline", "Employee", "Score"]


class Employee(Base, table=True):
    """The officer's fields that notices need, at the highest revision received."""

    __tablename__ = "employee"

    employee_id: UUID = Field(primary_key=True)
    revision: int
    name: str
    org_unit_id: str | None = None
    """Null is of no unit: no key that is limited to units reads the notices."""
    org_unit_name: str
    superior_id: UUID | None = None
    email: str | None = None


class Score(Base, table=True):
    """An officer's latest score of a semester."""

    __tablename__ = "score"

    employee_id: UUID = Field(primary_key=True)
    semester: str = Field(primary_key=True)
    revision: int
    record: str
    evaluated_at: datetime | None = utc_field(default=None, nullable=True)


class Discipline(Base, table=True):
    """An officer's latest absences of a year."""

    __tablename__ = "discipline"

    employee_id: UUID = Field(primary_key=True)
    year: int = Field(primary_key=True, sa_type=SmallInteger)
    revision: int
    record: str
