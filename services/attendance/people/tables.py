"""Tables of this room."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field

from services.attendance.base import Base
from shared.db.database import utc_field

__all__ = ["Employee", "EmployeeType", "EmployeeUnit", "OrgUnit"]


class OrgUnit(Base, table=True):
    """A unit of the city; its officers' days stay open until its machines uploaded them."""

    __tablename__ = "org_unit"

    org_unit_id: str = Field(primary_key=True)
    name: str


class Employee(Base, table=True):
    """An officer; each change is a new revision and an asn.employee.v1 record."""

    __tablename__ = "employee"

    employee_id: UUID = Field(primary_key=True)
    revision: int
    nip: str = Field(unique=True)
    name: str
    employment_type: str
    org_unit_id: str = Field(foreign_key="org_unit.org_unit_id", index=True)
    """Type and unit as of today; other dates are in `employee_type` and `employee_unit`."""
    superior_id: UUID | None = None
    email: str | None = None
    active_from: date
    active_to: date | None = None
    queued_from: date | None = None
    queued_until: date | None = None
    """Every date of this span was enqueued, so it has a row or will get one; null: none yet."""
    recorded_at: datetime = utc_field()


class EmployeeUnit(Base, table=True):
    """An officer's unit from a date on, until the next step; the first step also applies to earlier dates.

    The view `unit_time_v1` shows the same data with first and last dates.
    """

    __tablename__ = "employee_unit"

    employee_id: UUID = Field(primary_key=True, foreign_key="employee.employee_id")
    effective_from: date = Field(primary_key=True)
    org_unit_id: str = Field(foreign_key="org_unit.org_unit_id", index=True)


class EmployeeType(Base, table=True):
    """An officer's employment type from a date on, like the unit; the view is `type_time_v1`."""

    __tablename__ = "employee_type"

    employee_id: UUID = Field(primary_key=True, foreign_key="employee.employee_id")
    effective_from: date = Field(primary_key=True)
    employment_type: str
