"""Tables of this room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from services.notifications.base import Base
from shared.db.database import utc_field

__all__ = ["Notice"]


class Notice(Base, table=True):
    """A notice with its text as released, or as it is in the draft. Only one notice per officer, kind, indicator and period may
    exist, not counting withdrawn ones."""

    __tablename__ = "notice"
    __table_args__ = (
        Index(
            "notice_once",
            "employee_id",
            "kind",
            "indicator",
            "period",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
    )

    notice_id: UUID = Field(primary_key=True)
    revision: int
    kind: str
    employee_id: UUID
    recipient_id: UUID = Field(index=True)
    semester: str | None = None
    indicator: str
    """Empty if the notice is about the score as a whole."""
    period: str
    state: str
    reasons: str
    """JSON list of codes."""
    evidence: str
    """JSON: the facts that the letter states."""
    subject: str
    body: str
    created_at: datetime = utc_field()
    decided_by: str | None = None
    released_at: datetime | None = utc_field(default=None, nullable=True)
    mailed_at: datetime | None = utc_field(default=None, nullable=True)
    """When a mail server accepted the letter; null if it is in the inbox only."""
    delivered_at: datetime | None = utc_field(default=None, nullable=True)
    acknowledged_at: datetime | None = utc_field(default=None, nullable=True)
    object_until: datetime | None = utc_field(default=None, nullable=True)
    withdrawn_at: datetime | None = utc_field(default=None, nullable=True)
    withdrawal: str | None = None
    """The correction for a recipient of the letter; null for a draft."""
    gone_revision: int | None = None
    """The revision of the discipline record that caused the withdrawal."""
