"""Tables of this room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.feedback.base import Base
from shared.db.database import utc_field

__all__ = ["Visit"]


class Visit(Base, table=True):
    """A visit that may be rated once. Stores neither the token itself nor the time of the vote."""

    __tablename__ = "visit"
    __table_args__ = (Index("visit_ended", "expires_at"),)

    visit_id: UUID = Field(primary_key=True)
    token_hmac: bytes = Field(unique=True)
    """HMAC under the link key: a new key invalidates every link."""
    employee_id: UUID | None = None
    org_unit_id: str
    service: str
    weight_class: str
    created_at: datetime = utc_field()
    expires_at: datetime = utc_field()
    used: bool
    idempotency_sha256: bytes | None = Field(default=None, unique=True)
    request_sha256: bytes | None = None
