"""Tables of the notification service."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.auth import ApiKeyColumns
from shared.database import utc_field
from shared.dead_letters import ParkedColumns
from shared.outbox import OutboxColumns

__all__ = [
    "ApiKey",
    "Base",
    "Delivery",
    "Discipline",
    "Employee",
    "Evaluation",
    "Notice",
    "OutboxRow",
    "ParkedRecord",
    "Score",
]


class Base(SQLModel, registry=registry()):
    """The service's own metadata: four services may live in one process."""


class OutboxRow(OutboxColumns, Base, table=True):
    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_lane", "lane", "id"),)


class ParkedRecord(ParkedColumns, Base, table=True):
    __tablename__ = "parked_record"


class ApiKey(ApiKeyColumns, Base, table=True):
    __tablename__ = "api_key"


class Employee(Base, table=True):
    """What notices need of an officer, at the highest revision seen."""

    __tablename__ = "employee"

    employee_id: UUID = Field(primary_key=True)
    revision: int
    name: str
    org_unit_name: str
    superior_id: UUID | None = None
    email: str | None = None


class Score(Base, table=True):
    """An officer's latest score of a semester."""

    __tablename__ = "score"

    employee_id: UUID = Field(primary_key=True)
    semester: str = Field(primary_key=True)
    revision: int
    record: str
    evaluated_at: datetime | None = utc_field(default=None, nullable=True)


class Discipline(Base, table=True):
    """An officer's latest absences of a year."""

    __tablename__ = "discipline"

    employee_id: UUID = Field(primary_key=True)
    year: int = Field(primary_key=True, sa_type=SmallInteger)
    revision: int
    record: str


class Evaluation(Base, table=True):
    """What an evaluation found of the score (subject `score`) or of an indicator; null where it could not be judged."""

    __tablename__ = "evaluation"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    employee_id: UUID = Field(index=True)
    semester: str
    subject: str
    value: str | None = None
    evaluated_at: datetime = utc_field()


class Notice(Base, table=True):
    """A notice with its words as they were when it was drafted. A second one of the same reason cannot be."""

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("employee_id", "kind", "indicator", "period", name="notice_once"),)

    notice_id: UUID = Field(primary_key=True)
    revision: int
    kind: str
    employee_id: UUID
    recipient_id: UUID = Field(index=True)
    semester: str | None = None
    indicator: str
    """Empty where the notice is about the score as a whole."""
    period: str
    state: str
    reasons: str
    """JSON list of codes."""
    evidence: str
    """JSON."""
    subject: str
    body: str
    created_at: datetime = utc_field()
    decided_by: str | None = None
    delivered_at: datetime | None = utc_field(default=None, nullable=True)
    acknowledged_at: datetime | None = utc_field(default=None, nullable=True)
    object_until: datetime | None = utc_field(default=None, nullable=True)


class Delivery(Base, table=True):
    """A mail to be sent. The lease keeps two senders apart; a crash between sending and marking may send it twice,
    with the same Message-ID."""

    __tablename__ = "delivery"

    notice_id: UUID = Field(primary_key=True)
    next_attempt_at: datetime = utc_field()
    attempts: int = 0
    last_error: str | None = None
