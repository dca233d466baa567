"""Tables of this room."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.attendance.base import Base

__all__ = ["Enrolment"]


class Enrolment(Base, table=True):
    """PIN on one machine → officer, from a local date on, until its last date or the next enrolment of that PIN."""

    __tablename__ = "enrolment"

    serial: str = Field(primary_key=True, foreign_key="machine.serial")
    pin: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = None
    """The last local date on which the PIN belongs to this officer; null: until the next enrolment."""
    employee_id: UUID = Field(foreign_key="employee.employee_id", index=True)
