"""Tables of this room."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from services.attendance.base import Base
from shared.db.database import utc_field

__all__ = ["AttendanceDay"]


class AttendanceDay(Base, table=True):
    """The present result of an officer's work date. A changed result is a new revision; a published day is not deleted."""

    __tablename__ = "attendance_day"
    __table_args__ = (Index("attendance_day_open", "work_date", postgresql_where=text("state = 'provisional'")),)

    employee_id: UUID = Field(primary_key=True, foreign_key="employee.employee_id")
    work_date: date = Field(primary_key=True)
    revision: int
    state: str
    status: str
    org_unit_id: str
    """The officer's unit on that date: its machines keep the day open."""
    opens_at: datetime | None = utc_field(default=None, nullable=True)
    """The start of the shift's window; null on a day off."""
    closes_at: datetime | None = utc_field(default=None, nullable=True)
    """The end of the shift's window: a watermark at or after it can make the day final; null on a day off."""
    lacked_machine: bool
    """A punch may be missing because the site had no working machine; see `DayResult.lacked_machine`."""
    record: str
    """The published record, JSON."""
    recorded_at: datetime = utc_field()
