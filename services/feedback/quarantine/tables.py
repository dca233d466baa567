"""Tables of this room."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field

from services.feedback.base import Base
from shared.db.database import utc_field

__all__ = ["QuarantineDecision"]


class QuarantineDecision(Base, table=True):
    """A person's decision about a batch of quarantined ballots; never contains their answers."""

    __tablename__ = "quarantine_decision"

    batch_id: UUID = Field(primary_key=True)
    employee_id: UUID | None = None
    org_unit_id: str | None = None
    weight_class: str | None = None
    cause: str
    day: date
    ballots: int
    decision: str
    reason: str
    decided_at: datetime = utc_field()
