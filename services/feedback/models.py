"""Tables of the feedback service. No data links a rating to its visit or to the citizen.

A visit does not store when it was used. A vote's answers stay encrypted in a ballot box until they are published with others
(docs/adr/0013-ratings-leave-in-groups.md). A test tries every join on a dump.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.access.keys import ApiKeyColumns
from shared.db.database import utc_field
from shared.messaging.consuming.dead_letters import ParkedColumns
from shared.messaging.held_events import DroppedColumns
from shared.messaging.producing.outbox import OutboxColumns, outbox_indexes

__all__ = [
    "ApiKey",
    "BallotBox",
    "Base",
    "CityRemainder",
    "Employee",
    "Feedback",
    "OutboxRow",
    "ParkedRecord",
    "QuarantineDecision",
    "Visit",
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


class Employee(Base, table=True):
    """The officer's fields that feedback needs, at the highest revision received."""

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


class BallotBox(Base, table=True):
    """Ballots of one target that wait for a group. The target is an officer in a unit, a unit, or (both null) the city."""

    __tablename__ = "ballot_box"
    __table_args__ = (
        Index("ballot_box_due", "box_id", postgresql_where=text("due")),
        Index("ballot_box_quarantined", "box_id", postgresql_where=text("quarantined")),
    )

    box_id: UUID = Field(primary_key=True)
    employee_id: UUID | None = None
    org_unit_id: str | None = None
    weight_class: str | None = None
    due: bool
    """A group can be published."""
    quarantined: bool
    """Some ballots wait for a person's decision."""
    sealed: bytes
    """The content, encrypted: services/feedback/ratings/seal.py."""


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


class CityRemainder(Base, table=True):
    """Ratings of a semester that formed no group anywhere, added up over the city."""

    __tablename__ = "city_remainder"

    semester: int = Field(primary_key=True, sa_type=SmallInteger)
    ratings: int
    answers: str
    """JSON: survey element to [number of answers, their sum]."""


class Feedback(Base, table=True):
    """A published rating or assessment at its current revision; `assessor_id` is null for citizens."""

    __tablename__ = "feedback"
    __table_args__ = (
        Index("feedback_of_officer", "employee_id", "given_at"),
        Index("feedback_shown", text("coalesce(group_id, feedback_id)")),
        Index("feedback_group", "group_id", postgresql_where=text("group_id is not null")),
    )

    feedback_id: UUID = Field(primary_key=True)
    revision: int
    kind: str
    state: str
    employee_id: UUID | None = None
    org_unit_id: str
    given_at: datetime = utc_field()
    group_id: UUID | None = None
    """The group of a citizen's rating; null for an assessment."""
    assessor_id: UUID | None = None
    reason: str | None = None
    """Why it was withdrawn."""
    record: str
    """The published record, JSON."""
