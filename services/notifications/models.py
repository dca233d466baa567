"""Tables of the notification service."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, SmallInteger, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.access.keys import ApiKeyColumns
from shared.access.links import LinkColumns
from shared.db.database import utc_field
from shared.messaging.consuming.dead_letters import ParkedColumns
from shared.messaging.held_events import DroppedColumns
from shared.messaging.producing.outbox import OutboxColumns, outbox_indexes

__all__ = [
    "ApiKey",
    "Base",
    "Delivery",
    "Discipline",
    "Employee",
    "Evaluation",
    "Notice",
    "OfficerLink",
    "OutboxRow",
    "ParkedRecord",
    "Score",
]


class Base(SQLModel, registry=registry()):
    """The service's own metadata: four services may run in one process."""


class OutboxRow(OutboxColumns, Base, table=True):
    __tablename__ = "outbox"
    __table_args__ = outbox_indexes()


class OutboxDropped(DroppedColumns, Base, table=True):
    __tablename__ = "outbox_dropped"


class ParkedRecord(ParkedColumns, Base, table=True):
    __tablename__ = "parked_record"


class ApiKey(ApiKeyColumns, Base, table=True):
    __tablename__ = "api_key"


class OfficerLink(LinkColumns, Base, table=True):
    """A link to an officer's page."""

    __tablename__ = "link"


class Employee(Base, table=True):
    """The officer's fields that notices need, at the highest revision received."""

    __tablename__ = "employee"

    employee_id: UUID = Field(primary_key=True)
    revision: int
    name: str
    org_unit_id: str | None = None
    """Null for an officer stored before this column existed, until the next employee record."""
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
    """The evaluated value of the score (subject `score`) or of an indicator; null if it could not be assessed."""

    __tablename__ = "evaluation"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    employee_id: UUID = Field(index=True)
    semester: str
    subject: str
    value: str | None = None
    evaluated_at: datetime = utc_field()


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
