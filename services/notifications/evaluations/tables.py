"""Tables of this room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.notifications.base import Base
from shared.db.database import utc_field

__all__ = ["EvaluationRow"]


class EvaluationRow(Base, table=True):
    """The evaluated value of the score (subject `score`) or of an indicator; null if it could not be assessed."""

    __tablename__ = "evaluation"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    employee_id: UUID = Field(index=True)
    semester: str
    subject: str
    value: str | None = None
    evaluated_at: datetime = utc_field()
