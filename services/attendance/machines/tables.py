"""Tables of this room."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Index, String, UniqueConstraint, text
from sqlmodel import Field

from services.attendance.base import Base
from shared.db.database import utc_field

__all__ = ["ClockCorrection", "DeviceCommand", "Machine", "MachineSignal", "Outage", "PastPlacement"]


class Machine(Base, table=True):
    """A registered attendance machine and its state."""

    __tablename__ = "machine"

    serial: str = Field(primary_key=True)
    name: str
    timezone: str
    direction_from: str
    """`status`: people at the site press the keys, so in and out are trusted; `shift`: first in, last out."""
    org_unit_id: str | None = Field(default=None, foreign_key="org_unit.org_unit_id", index=True)
    registered_at: datetime = utc_field()
    in_unit_from: datetime | None = utc_field(default=None, nullable=True)
    """Since when it is in its unit; null: always."""
    in_service_to: datetime | None = utc_field(default=None, nullable=True)
    """When it was taken out of service; null while in service. It keeps no day open that begins later."""
    last_contact_at: datetime | None = utc_field(default=None, nullable=True)
    last_poll_at: datetime | None = utc_field(default=None, nullable=True)
    """The newest poll without an upload after it; null after an upload until the next poll."""
    last_upload_at: datetime | None = utc_field(default=None, nullable=True)
    complete_until: datetime | None = utc_field(default=None, nullable=True)
    """The watermark: every punch up to here has arrived."""
    clock_wrong_since: datetime | None = utc_field(default=None, nullable=True)
    """While set, the machine's watermark does not count."""
    address: str | None = None
    push_version: str | None = None
    info: str | None = None
    dialect: str | None = None
    """`access` when the machine last used the access-control dialect, which contains no attendance; else null."""
    networks: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String), nullable=False, server_default="{}")
    )
    """CIDRs from which it may connect; empty: not set."""
    pinned_address: str | None = None
    """The address of its first post, or one that an operator accepted."""
    host_label_sha256: bytes | None = None
    comm_key_sha256: bytes | None = None
    secret_pending: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """The secret is required from its first use on."""
    told_records: int | None = Field(default=None, sa_type=BigInteger)
    """The number of stored punches that the machine reported at `told_records_at`."""
    told_records_at: datetime | None = utc_field(default=None, nullable=True)
    journal_day: date | None = None
    journal_bytes: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    """Bytes stored in the journal on `journal_day` (UTC)."""


class PastPlacement(Base, table=True):
    """A machine's past time in a unit (null: in none): days from that time still depend on this row."""

    __tablename__ = "past_placement"

    serial: str = Field(primary_key=True, foreign_key="machine.serial")
    in_unit_to: datetime = utc_field(primary_key=True)
    in_unit_from: datetime | None = utc_field(default=None, nullable=True)
    org_unit_id: str | None = Field(default=None, foreign_key="org_unit.org_unit_id", index=True)
    direction_from: str


class MachineSignal(Base, table=True):
    """Something about a machine that an operator should check; the row stays until then."""

    __tablename__ = "machine_signal"

    serial: str = Field(primary_key=True, foreign_key="machine.serial")
    kind: str = Field(primary_key=True)
    first_at: datetime = utc_field()
    last_at: datetime = utc_field()
    times: int = Field(sa_type=BigInteger)
    detail: str


class DeviceCommand(Base, table=True):
    """A command that waits for a machine's next poll, and its result."""

    __tablename__ = "device_command"
    __table_args__ = (
        Index("device_command_open", "serial", "id", postgresql_where=text("result_at is null")),
        UniqueConstraint("token", name="device_command_token"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    token: str
    """The random id that the machine receives and returns with the result."""
    serial: str = Field(foreign_key="machine.serial")
    command: str
    reason: str
    created_at: datetime = utc_field()
    expires_at: datetime = utc_field()
    sent_at: datetime | None = utc_field(default=None, nullable=True)
    result_at: datetime | None = utc_field(default=None, nullable=True)
    return_code: int | None = None


class Outage(Base, table=True):
    """A time in which a machine or a whole unit's site could not take punches, declared by an operator."""

    __tablename__ = "outage"

    outage_id: UUID = Field(primary_key=True)
    serial: str | None = Field(default=None, foreign_key="machine.serial")
    org_unit_id: str | None = Field(default=None, foreign_key="org_unit.org_unit_id")
    starts_at: datetime = utc_field()
    ends_at: datetime = utc_field()
    reason: str


class ClockCorrection(Base, table=True):
    """How many seconds the server's clock was behind, for receive times between `received_from` and `received_to`."""

    __tablename__ = "clock_correction"

    correction_id: UUID = Field(primary_key=True)
    received_from: datetime = utc_field()
    received_to: datetime = utc_field()
    seconds_behind: int = Field(sa_type=BigInteger)
    reason: str
    recorded_at: datetime = utc_field()
