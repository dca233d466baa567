"""Tables of this room."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, UniqueConstraint
from sqlmodel import Field

from services.attendance.base import Base

__all__ = ["RosterSetting", "RosterShift"]


class RosterShift(Base, table=True):
    """An officer's own shift on a date (it may end on the next one), or a day off; overrides calendar and week."""

    __tablename__ = "roster_shift"

    employee_id: UUID = Field(primary_key=True, foreign_key="employee.employee_id")
    work_date: date = Field(primary_key=True)
    kind: str
    starts_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=False))
    ends_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=False))
    break_minutes: int = 0


class RosterSetting(Base, table=True):
    """Whether an officer or a unit's officers work by roster only between two dates; the officer's row overrides the unit's."""

    __tablename__ = "roster_setting"
    __table_args__ = (
        UniqueConstraint("employee_id", "effective_from", name="roster_setting_of_employee"),
        UniqueConstraint("org_unit_id", "effective_from", name="roster_setting_of_unit"),
    )

    setting_id: UUID = Field(primary_key=True)
    employee_id: UUID | None = Field(default=None, foreign_key="employee.employee_id")
    org_unit_id: str | None = Field(default=None, foreign_key="org_unit.org_unit_id")
    by_roster: bool
    effective_from: date
    effective_to: date | None = None
