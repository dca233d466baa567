"""Tables of this room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, Index, SmallInteger, String, UniqueConstraint, text
from sqlmodel import Field

from services.attendance.base import Base
from shared.db.database import utc_field

__all__ = ["UNKNOWN_VERIFY", "Punch", "Quarantine", "Upload"]

UNKNOWN_VERIFY = -1
"""`punch.verify` of a line without that column. Part of the duplicate key, so it cannot be null."""


class Upload(Base, table=True):
    """The journal: a body as received, before processing. Secrets in OPERLOG bodies are redacted."""

    __tablename__ = "upload"
    __table_args__ = (Index("upload_received", "received_at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    serial: str
    kind: str
    stamp: str | None = None
    body: bytes
    lines: int
    received_at: datetime = utc_field()


class Punch(Base, table=True):
    """One punch, also of unknown PINs. The duplicate key omits columns that differ between copies of a line."""

    __tablename__ = "punch"
    __table_args__ = (
        UniqueConstraint("serial", "pin", "local_time", "status", "verify", name="punch_once"),
        Index("punch_of_employee", "employee_id", "at"),
        Index("punch_of_machine", "serial", "at"),
        Index("punch_of_nobody", "serial", "pin", postgresql_where=text("employee_id is null")),
        Index("punch_not_counted", "id", postgresql_where=text("not counted")),
        Index("punch_received", "received_at", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    serial: str
    pin: str
    local_time: datetime = Field(sa_type=DateTime(timezone=False))
    status: int = Field(sa_type=SmallInteger)
    verify: int = Field(sa_type=SmallInteger)
    at: datetime = utc_field()
    employee_id: UUID | None = None
    """By the enrolment on that date; null for an unknown PIN. Updated whenever an enrolment changes."""
    work_code: str | None = None
    extra: str | None = None
    flags: list[str] = Field(sa_type=ARRAY(String))
    counted: bool
    """False for a punch whose clock cannot be right: stored and flagged, not counted."""
    source: str
    upload_id: int = Field(sa_type=BigInteger)
    received_at: datetime = utc_field()


class Quarantine(Base, table=True):
    """A line that could not be used: unreadable, of an unknown kind, or from a connection that was refused."""

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("quarantine_of_serial", "serial", "id"),
        Index("quarantine_received", "received_at"),
        Index("quarantine_waiting", "serial", postgresql_where=text("resolved_at is null")),
        # A sender that repeats the same lines must not fill the disk.
        UniqueConstraint("serial", "line_sha256", "reason", "address", name="quarantine_once"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    serial: str
    line: str
    """For display: undecodable bytes replaced, NUL shown as U+2400."""
    raw: bytes
    line_sha256: bytes
    kind: str
    """The table of the post: ATTLOG, or another name."""
    reason: str
    address: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The address of a refused contact; otherwise empty."""
    upload_id: int = Field(sa_type=BigInteger)
    received_at: datetime = utc_field()
    resolved_at: datetime | None = utc_field(default=None, nullable=True)
    """Set when an operator accepts the address (the line becomes a punch) or dismisses it."""
