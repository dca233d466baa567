"""Tables of the attendance service: people and units, machines, punches, schedules, calendar, excuses, days."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.database import utc_field
from shared.held_events import DroppedColumns
from shared.keys import ApiKeyColumns
from shared.outbox import OutboxColumns, outbox_indexes

__all__ = [
    "ApiKey",
    "AttendanceDay",
    "Base",
    "CalendarDay",
    "ClockCorrection",
    "DayQueue",
    "DeviceCommand",
    "Employee",
    "EmployeeType",
    "EmployeeUnit",
    "Enrolment",
    "Excuse",
    "ExcuseDecision",
    "Machine",
    "MachineSignal",
    "OperEvent",
    "OrgUnit",
    "Outage",
    "OutboxRow",
    "PastPlacement",
    "Punch",
    "Quarantine",
    "RefusedContact",
    "RosterSetting",
    "RosterShift",
    "RuleSet",
    "ScheduleOverride",
    "Upload",
    "WeekSchedule",
]

UNKNOWN_VERIFY = -1
"""`punch.verify` of a line without that column. Part of the duplicate key, so it cannot be null."""


class Base(SQLModel, registry=registry()):
    """The service's own metadata: one process can contain four services."""


class OutboxRow(OutboxColumns, Base, table=True):
    __tablename__ = "outbox"
    __table_args__ = outbox_indexes()


class OutboxDropped(DroppedColumns, Base, table=True):
    __tablename__ = "outbox_dropped"


class ApiKey(ApiKeyColumns, Base, table=True):
    __tablename__ = "api_key"


class OrgUnit(Base, table=True):
    """A unit of the city; its machines keep its officers' days open."""

    __tablename__ = "org_unit"

    org_unit_id: str = Field(primary_key=True)
    name: str


class Employee(Base, table=True):
    """An officer; each change is a new revision and an asn.employee.v1 record."""

    __tablename__ = "employee"

    employee_id: UUID = Field(primary_key=True)
    revision: int
    nip: str = Field(unique=True)
    name: str
    employment_type: str
    org_unit_id: str = Field(foreign_key="org_unit.org_unit_id", index=True)
    """Type and unit as of today; other dates are in `employee_type` and `employee_unit`."""
    superior_id: UUID | None = None
    email: str | None = None
    active_from: date
    active_to: date | None = None
    queued_from: date | None = None
    queued_until: date | None = None
    """Every date of this span was enqueued, so it has a row or will get one; null: none yet."""
    recorded_at: datetime = utc_field()


class EmployeeUnit(Base, table=True):
    """An officer's unit from a date on, until the next step; the first step also applies to earlier dates.

    The view `unit_time_v1` shows the same data with first and last dates.
    """

    __tablename__ = "employee_unit"

    employee_id: UUID = Field(primary_key=True, foreign_key="employee.employee_id")
    effective_from: date = Field(primary_key=True)
    org_unit_id: str = Field(foreign_key="org_unit.org_unit_id", index=True)


class EmployeeType(Base, table=True):
    """An officer's employment type from a date on, like the unit; the view is `type_time_v1`."""

    __tablename__ = "employee_type"

    employee_id: UUID = Field(primary_key=True, foreign_key="employee.employee_id")
    effective_from: date = Field(primary_key=True)
    employment_type: str


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


class RefusedContact(Base, table=True):
    """A connection with a serial number that was not proved to be its machine; one row per address."""

    __tablename__ = "refused_contact"
    __table_args__ = (
        Index("refused_contact_of_address", "address", "last_seen_at"),
        Index("refused_contact_oldest", "last_seen_at"),
    )

    serial: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    reason: str
    first_seen_at: datetime = utc_field()
    last_seen_at: datetime = utc_field()
    requests: int = Field(sa_type=BigInteger)
    dialect: str | None = None
    kept_lines: int = Field(sa_type=BigInteger)
    kept_bytes: int = Field(sa_type=BigInteger)


class MachineSignal(Base, table=True):
    """Something about a machine that an operator should check; the row stays until then."""

    __tablename__ = "machine_signal"

    serial: str = Field(primary_key=True, foreign_key="machine.serial")
    kind: str = Field(primary_key=True)
    first_at: datetime = utc_field()
    last_at: datetime = utc_field()
    times: int = Field(sa_type=BigInteger)
    detail: str


class Enrolment(Base, table=True):
    """PIN on one machine → officer, from a local date on, until its last date or the next enrolment of that PIN."""

    __tablename__ = "enrolment"

    serial: str = Field(primary_key=True, foreign_key="machine.serial")
    pin: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = None
    """The last local date on which the PIN belongs to this officer; null: until the next enrolment."""
    employee_id: UUID = Field(foreign_key="employee.employee_id", index=True)


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


class OperEvent(Base, table=True):
    """Events at the machine itself (menu, clock set, log deleted): the audit trail of changes to evidence."""

    __tablename__ = "oper_event"
    __table_args__ = (
        Index("oper_event_of_serial", "serial", "id"),
        Index("oper_event_copy", "serial", "local_time"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    serial: str
    tag: str
    code: int | None = None
    who: str | None = None
    local_time: datetime | None = Field(default=None, sa_type=DateTime(timezone=False))
    audit: bool
    received_at: datetime = utc_field()


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


class WeekSchedule(Base, table=True):
    """Weekly working hours for an officer, a unit or (both null) the whole city; the most specific one counts."""

    __tablename__ = "week_schedule"

    schedule_id: UUID = Field(primary_key=True)
    name: str
    employee_id: UUID | None = Field(default=None, foreign_key="employee.employee_id")
    org_unit_id: str | None = Field(default=None, foreign_key="org_unit.org_unit_id")
    effective_from: date
    effective_to: date | None = None
    kind: str
    """`five_day` or `six_day`: an override replaces the hours of weeks of its own kind only."""
    days: str
    """JSON: weekday name → {start, end, break_start, break_end, break_minutes} as local HH:MM."""
    first_minute: int
    last_minute: int
    """Minutes from local midnight to the earliest start and the latest end (over 1440: on the next date)."""


class ScheduleOverride(Base, table=True):
    """Hours for a period that replace week schedules (Ramadan), by decree; rosters do not change."""

    __tablename__ = "schedule_override"

    override_id: UUID = Field(primary_key=True)
    name: str
    code: str
    """The reason code in a day's record for these hours, such as RAMADAN."""
    kind: str
    decree: str
    first_date: date
    last_date: date
    days: str
    first_minute: int
    last_minute: int


class RosterShift(Base, table=True):
    """An officer's own shift on a date (it may end on the next one), or a day off; overrides calendar and week."""

    __tablename__ = "roster_shift"

    employee_id: UUID = Field(primary_key=True, foreign_key="employee.employee_id")
    work_date: date = Field(primary_key=True)
    kind: str
    starts_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=False))
    ends_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=False))
    break_minutes: int = 0


class RosterSetting(Base, table=True):
    """Whether an officer or a unit's officers work by roster only between two dates; the officer's row overrides the unit's."""

    __tablename__ = "roster_setting"
    __table_args__ = (
        UniqueConstraint("employee_id", "effective_from", name="roster_setting_of_employee"),
        UniqueConstraint("org_unit_id", "effective_from", name="roster_setting_of_unit"),
    )

    setting_id: UUID = Field(primary_key=True)
    employee_id: UUID | None = Field(default=None, foreign_key="employee.employee_id")
    org_unit_id: str | None = Field(default=None, foreign_key="org_unit.org_unit_id")
    by_roster: bool
    effective_from: date
    effective_to: date | None = None


class CalendarDay(Base, table=True):
    """A holiday or a collective-leave day. Unconfirmed ones are estimates: they make a day unknown, never absent."""

    __tablename__ = "calendar_day"

    day: date = Field(primary_key=True)
    name: str
    kind: str
    confirmed: bool
    decree: str | None = None


class Excuse(Base, table=True):
    """Leave or official duty of an officer, in its present state; each decision recomputes the days it covers."""

    __tablename__ = "excuse"
    __table_args__ = (Index("excuse_of_employee", "employee_id", "first_date"),)

    excuse_id: UUID = Field(primary_key=True)
    employee_id: UUID = Field(foreign_key="employee.employee_id")
    code: str
    kind: str
    first_date: date
    last_date: date
    half: str
    state: str
    reference: str | None = None
    reason: str | None = None
    decided_by: UUID | None = None
    """The officer who decided, if the caller names one."""
    decided_at: datetime = utc_field()


class ExcuseDecision(Base, table=True):
    """The history of an excuse: each state, who recorded it and why; never changed."""

    __tablename__ = "excuse_decision"

    excuse_id: UUID = Field(primary_key=True, foreign_key="excuse.excuse_id")
    position: int = Field(primary_key=True)
    """The number of the decision for this excuse, from 1."""
    state: str
    code: str
    first_date: date
    last_date: date
    half: str
    reference: str | None = None
    reason: str | None = None
    decided_by: UUID | None = None
    recorded_by: str | None = None
    """The name of the API key that recorded it; null in rows older than this column."""
    recorded_at: datetime = utc_field()


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


class RuleSet(Base, table=True):
    """A version of the attendance rules, in force from a date on."""

    __tablename__ = "rule_set"

    id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    effective_from: date
    decree: str
    window_before_minutes: int
    window_after_minutes: int
    """Of `content`: how long before and after a shift its punches are searched."""
    content: str
    """JSON as loaded from YAML."""


class AttendanceDay(Base, table=True):
    """The present result of an officer's work date. A changed result is a new revision; a published day is not deleted."""

    __tablename__ = "attendance_day"
    __table_args__ = (Index("attendance_day_open", "work_date", postgresql_where=text("state = 'provisional'")),)

    employee_id: UUID = Field(primary_key=True, foreign_key="employee.employee_id")
    work_date: date = Field(primary_key=True)
    revision: int
    state: str
    status: str
    org_unit_id: str
    """The officer's unit on that date: its machines keep the day open."""
    opens_at: datetime | None = utc_field(default=None, nullable=True)
    """The start of the shift's window; null on a day off, and in rows older than this column."""
    closes_at: datetime | None = utc_field(default=None, nullable=True)
    """The end of the shift's window: a watermark at or after it can make the day final; null on a day off."""
    lacked_machine: bool
    """A punch may be missing because the site had no working machine; see `DayResult.lacked_machine`."""
    record: str
    """The published record, JSON."""
    recorded_at: datetime = utc_field()


class DayQueue(Base, table=True):
    """Days to compute again. Rows are only inserted and deleted, never updated, so that intake never waits."""

    __tablename__ = "day_queue"
    __table_args__ = (Index("day_queue_next", "bulk", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    bulk: bool
    """Low priority: bulk recomputation must not delay a live punch."""
    employee_id: UUID
    work_date: date
