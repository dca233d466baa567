"""A machine's row under lock: its stored state, and how each contact changes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue
from services.attendance.dependencies import NO_MACHINE
from services.attendance.machines.rules.proof import Proof, ProofKind, RequiredProof
from services.attendance.machines.rules.watermark import Watermark
from shared.db.queries import query
from shared.errors.errors import NotFoundError

__all__ = [
    "LockedMachine",
    "lock_machine",
    "lock_registered",
    "lock_serial",
    "required_proof_of",
    "store_proof",
    "write_watermark",
]


class _MachineRow(NamedTuple):
    serial: str
    timezone: str
    org_unit_id: str | None
    in_service_to: datetime | None
    complete_until: datetime | None
    last_poll_at: datetime | None
    last_upload_at: datetime | None
    clock_wrong_since: datetime | None
    networks: list[str]
    pinned_address: str | None
    host_label_sha256: bytes | None
    comm_key_sha256: bytes | None
    secret_pending: bool
    journal_day: date | None
    journal_bytes: int
    answering: bool


class _FormerUnit(NamedTuple):
    org_unit_id: str | None
    in_unit_to: datetime


# "no key update": a signal about an unproved connection refers to this row, and must not wait for this lock.
_LOCKED_MACHINE = query(
    """
    select serial, timezone, org_unit_id, in_service_to, complete_until, last_poll_at, last_upload_at, clock_wrong_since,
           networks, pinned_address, host_label_sha256, comm_key_sha256, secret_pending, journal_day, journal_bytes,
           exists (select from device_command c where c.serial = m.serial and c.sent_at is not null
                   and c.result_at is null and c.expires_at > :now and c.command like 'DATA QUERY%') as answering
    from machine m where serial = :serial for no key update
    """,
    _MachineRow,
)
_SET_PINNED_ADDRESS = text(
    "update machine set pinned_address = :address where serial = :serial and pinned_address is null"
)
_SECRET_USED = text("update machine set secret_pending = false where serial = :serial")
# Former units that the machine left before it had uploaded everything up to the end of its time there.
_FORMER_UNITS = query(
    """
    select org_unit_id, in_unit_to from past_placement where serial = :serial
    and (cast(:before as timestamptz) is null or in_unit_to > :before)
    """,
    _FormerUnit,
)
_UPDATE_WATERMARK = text(
    """
    update machine set complete_until = :complete_until, last_poll_at = :last_poll_at,
        last_upload_at = :last_upload_at, clock_wrong_since = :clock_wrong_since, last_contact_at = :now,
        address = coalesce(:address, address)
    where serial = :serial
    """
)

_ENQUEUE_PASSED_DAYS = text(
    """
    insert into day_queue (bulk, employee_id, work_date)
    select true, employee_id, work_date from attendance_day d
    where (state = 'provisional' or lacked_machine) and org_unit_id = :org_unit_id
      and work_date >= coalesce(cast(:before as timestamptz)::date - 3, date '-infinity')
      and work_date <= cast(:after as timestamptz)::date + 1
      and (cast(:before as timestamptz) is null or closes_at > :before)
      and (closes_at <= :after
           or d.opens_at <= cast(:ends as timestamptz)
              and cast(:ends as timestamptz) between coalesce(cast(:before as timestamptz), '-infinity') and :after)
    """
)


@dataclass(frozen=True, slots=True)
class LockedMachine:
    """A registered machine whose row this transaction has locked."""

    serial: str
    zone: ZoneInfo
    org_unit_id: str | None
    in_service_to: datetime | None
    watermark: Watermark
    answering: bool
    """Whether it is sending the punches of a requested range."""
    required_proof: RequiredProof
    """What a connection must present to be this machine."""
    journal_day: date | None
    journal_bytes: int
    """Bytes stored in the journal on that day."""


async def lock_machine(session: AsyncSession, serial: str, now: datetime) -> LockedMachine | None:
    """Locks a machine's row until the end of the transaction; None for a serial that is not registered."""
    row = await _LOCKED_MACHINE.first(session, {"serial": serial, "now": now})
    if row is None:
        return None
    watermark = Watermark(row.complete_until, row.last_poll_at, row.last_upload_at, row.clock_wrong_since)
    zone = ZoneInfo(row.timezone)
    return LockedMachine(
        row.serial, zone, row.org_unit_id, row.in_service_to, watermark, row.answering, required_proof_of(row), row.journal_day,
        row.journal_bytes,
    )  # fmt: skip


async def lock_registered(session: AsyncSession, serial: str, now: datetime) -> LockedMachine:
    """Locks a registered machine's row until the end of the transaction. Raises NotFoundError."""
    machine = await lock_machine(session, serial, now)
    if machine is None:
        raise NotFoundError(NO_MACHINE)
    return machine


class ProofColumns(Protocol):
    """A machine's row with the columns that define its proof."""

    @property
    def networks(self) -> list[str]: ...

    @property
    def pinned_address(self) -> str | None: ...

    @property
    def host_label_sha256(self) -> bytes | None: ...

    @property
    def comm_key_sha256(self) -> bytes | None: ...

    @property
    def secret_pending(self) -> bool: ...


def required_proof_of(row: ProofColumns) -> RequiredProof:
    """The proof that a machine's row requires."""
    return RequiredProof(
        tuple(row.networks), row.pinned_address, row.host_label_sha256, row.comm_key_sha256, row.secret_pending
    )


async def store_proof(session: AsyncSession, machine: LockedMachine, proof: Proof, address: str) -> None:
    """Stores a post's proof under the machine's lock: the first post pins the address, a first use activates a secret."""
    if proof.kind is ProofKind.NOTHING_YET:
        await session.execute(_SET_PINNED_ADDRESS, {"serial": machine.serial, "address": address})
    if proof.secret_used and machine.required_proof.secret_pending:
        await session.execute(_SECRET_USED, {"serial": machine.serial})


async def write_watermark(change: Change, machine: LockedMachine, watermark: Watermark, address: str | None) -> None:
    """Stores a contact and its watermark state; enqueues days that may become final or open again."""
    values = {
        "complete_until": watermark.complete_until,
        "last_poll_at": watermark.last_poll_at,
        "last_upload_at": watermark.last_upload_at,
        "clock_wrong_since": watermark.clock_wrong_since,
    }
    await change.session.execute(
        _UPDATE_WATERMARK, values | {"serial": machine.serial, "now": change.now, "address": address}
    )
    before, after = machine.watermark.complete_until, watermark.complete_until
    if after is None or after == before:
        return
    # Read after the lock is acquired, so that a concurrent move's result is visible.
    left = await _FORMER_UNITS.all(change.session, {"serial": machine.serial, "before": before})
    for unit, ends in (*left, (machine.org_unit_id, machine.in_service_to)):
        if unit is not None:
            await _enqueue_passed(change, unit, before, after, ends)


async def _enqueue_passed(
    change: Change, unit: str, before: datetime | None, after: datetime, ends: datetime | None
) -> None:
    """Enqueues the unit's days whose end the machine's watermark has just passed (`before` None: any day up to `after`).

    Provisional days may become final. Days that lacked a working machine are computed again, because the machine is back or
    was there all the time. `ends`: the end of the machine's service; it uploads nothing for later times.
    """
    values = {"org_unit_id": unit, "before": before, "after": after, "ends": ends}
    await enqueue(change, _ENQUEUE_PASSED_DAYS, values)


# Registration and an unregistered machine's post exclude each other; otherwise lines could be stored in between and
# wait forever.
_LOCK_SERIAL = text("select pg_advisory_xact_lock(hashtextextended(:serial, 7))")


async def lock_serial(session: AsyncSession, serial: str) -> None:
    """Locks the serial until the end of the transaction."""
    await session.execute(_LOCK_SERIAL, {"serial": serial})
