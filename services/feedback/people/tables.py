"""Tables of this room."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.feedback.base import Base

__all__ = ["Employee"]


class Employee(Base, table=True):
    """The officer's fields that feedback needs, at the highest revision received."""

    __tablename__ = "employee"

    employee_id: UUID = Field(primary_key=True)
    revision: int
    name: str
    org_unit_id: str
    org_unit_name: str
    superior_id: UUID | None = None
    active_from: date
    active_to: date | None = None
