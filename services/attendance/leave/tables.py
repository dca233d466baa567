"""Tables of this room."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.attendance.base import Base
from shared.db.database import utc_field

__all__ = ["Excuse", "ExcuseDecision"]


class Excuse(Base, table=True):
    """Leave or official duty of an officer, in its present state; each decision recomputes the days it covers."""

    __tablename__ = "excuse"
    __table_args__ = (Index("excuse_of_employee", "employee_id", "first_date"),)

    excuse_id: UUID = Field(primary_key=True)
    employee_id: UUID = Field(foreign_key="employee.employee_id")
    code: str
    kind: str
    first_date: date
    last_date: date
    half: str
    state: str
    reference: str | None = None
    reason: str | None = None
    decided_by: UUID | None = None
    """The officer who decided, if the caller names one."""
    decided_at: datetime = utc_field()


class ExcuseDecision(Base, table=True):
    """The history of an excuse: each state, who recorded it and why; never changed."""

    __tablename__ = "excuse_decision"

    excuse_id: UUID = Field(primary_key=True, foreign_key="excuse.excuse_id")
    position: int = Field(primary_key=True)
    """The number of the decision for this excuse, from 1."""
    state: str
    code: str
    first_date: date
    last_date: date
    half: str
    reference: str | None = None
    reason: str | None = None
    decided_by: UUID | None = None
    recorded_by: str | None = None
    """The name of the API key that recorded it."""
    recorded_at: datetime = utc_field()
