"""Tables of the feedback service. Nothing leads from a rating back to its visit, and nothing to the citizen."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.database import utc_field
from shared.dead_letters import ParkedColumns
from shared.keys import ApiKeyColumns
from shared.outbox import OutboxColumns

__all__ = ["ApiKey", "Base", "Employee", "Feedback", "OutboxRow", "ParkedRecord", "Visit"]


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
    """What feedback needs of an officer, at the highest revision seen."""

    __tablename__ = "employee"

    employee_id: UUID = Field(primary_key=True)
    revision: int
    name: str
    org_unit_id: str
    org_unit_name: str
    superior_id: UUID | None = None
    active_from: date
    active_to: date | None = None


class Visit(Base, table=True):
    """A visit that may be rated once. The token itself is not stored; the day of use tells no hour."""

    __tablename__ = "visit"

    visit_id: UUID = Field(primary_key=True)
    token_sha256: bytes = Field(unique=True)
    employee_id: UUID | None = None
    org_unit_id: str
    service: str
    weight_class: str
    created_at: datetime = utc_field()
    expires_at: datetime = utc_field()
    used_on: date | None = None
    idempotency_sha256: bytes | None = Field(default=None, unique=True)
    request_sha256: bytes | None = None


class Feedback(Base, table=True):
    """A rating or assessment at its present revision; `assessor_id` is null for citizens."""

    __tablename__ = "feedback"
    __table_args__ = (Index("feedback_of_officer", "employee_id", "given_at"),)

    feedback_id: UUID = Field(primary_key=True)
    revision: int
    kind: str
    state: str
    employee_id: UUID | None = None
    org_unit_id: str
    given_at: datetime = utc_field()
    assessor_id: UUID | None = None
    reason: str | None = None
    """Why it was quarantined, withdrawn or accepted."""
    record: str
    """The published record, JSON."""
