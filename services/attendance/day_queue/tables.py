"""Tables of this room."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from services.attendance.base import Base

__all__ = ["DayQueue"]


class DayQueue(Base, table=True):
    """Days to compute again. Rows are only inserted and deleted, never updated, so that intake never waits."""

    __tablename__ = "day_queue"
    __table_args__ = (Index("day_queue_next", "bulk", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    bulk: bool
    """Low priority: bulk recomputation must not delay a live punch."""
    employee_id: UUID
    work_date: date
