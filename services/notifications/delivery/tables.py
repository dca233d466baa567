"""Tables of this room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Field

from services.notifications.base import Base
from shared.db.database import utc_field

__all__ = ["Delivery"]


class Delivery(Base, table=True):
    """A mail to be sent. A lease prevents two senders from sending it; a crash between sending and committing may send it
    twice, with the same Message-ID."""

    __tablename__ = "delivery"

    notice_id: UUID = Field(primary_key=True)
    next_attempt_at: datetime = utc_field()
    attempts: int = 0
    sending: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """True while a sender sends it, and after a connection that broke before the answer: it may have been sent."""
    last_error: str | None = None
    """The stage of the dialogue, the reply code and the enhanced status; never the server's text."""
    refusals: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """Attempts that failed because of the recipient. Their number is limited."""
    copies: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """Attempts, the current one included, that may have delivered this mail because the server's answer is missing. Limited."""
    held_since: datetime | None = utc_field(default=None, nullable=True)
    """Since when a fault that the operator has to fix holds it back; null without such a fault."""
