"""Tables of this room."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Index
from sqlmodel import Field

from services.attendance.base import Base
from shared.db.database import utc_field

__all__ = ["OperEvent"]


class OperEvent(Base, table=True):
    """Events at the machine itself (menu, clock set, log deleted): the audit trail of changes to evidence."""

    __tablename__ = "oper_event"
    __table_args__ = (
        Index("oper_event_of_serial", "serial", "id"),
        Index("oper_event_copy", "serial", "local_time"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    serial: str
    tag: str
    code: int | None = None
    who: str | None = None
    local_time: datetime | None = Field(default=None, sa_type=DateTime(timezone=False))
    audit: bool
    received_at: datetime = utc_field()
