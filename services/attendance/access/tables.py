"""Tables of this room."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from services.attendance.base import Base
from shared.db.database import utc_field

__all__ = ["RefusedContact"]


class RefusedContact(Base, table=True):
    """A connection with a serial number that was not proved to be its machine; one row per address."""

    __tablename__ = "refused_contact"
    __table_args__ = (
        Index("refused_contact_of_address", "address", "last_seen_at"),
        Index("refused_contact_oldest", "last_seen_at"),
    )

    serial: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    reason: str
    first_seen_at: datetime = utc_field()
    last_seen_at: datetime = utc_field()
    requests: int = Field(sa_type=BigInteger)
    dialect: str | None = None
    kept_lines: int = Field(sa_type=BigInteger)
    kept_bytes: int = Field(sa_type=BigInteger)
