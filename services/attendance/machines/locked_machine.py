"""A machine's row under lock: its stored state, and how each contact changes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.machines.advanced_days import enqueue_advanced
from services.attendance.machines.rules.proof import Asked, Proof, ProofKind
from services.attendance.machines.rules.watermark import Watermark

__all__ = ["LockedMachine", "asked_of", "lock_machine", "lock_serial", "note_proof", "write_watermark"]

# "no key update": a signal about an unproved connection refers to this row, and must not wait for this lock.
_HOLD = text(
    """
    select serial, timezone, org_unit_id, in_service_to, complete_until, last_poll_at, last_upload_at, clock_wrong_since,
           networks, pinned_address, host_label_sha256, comm_key_sha256, secret_pending, journal_day, journal_bytes,
           exists (select from device_command c where c.serial = m.serial and c.sent_at is not null
                   and c.result_at is null and c.expires_at > :now and c.command like 'DATA QUERY%') as answering
    from machine m where serial = :serial for no key update
    """
)
_PIN = text("update machine set pinned_address = :address where serial = :serial and pinned_address is null")
_SECRET_USED = text("update machine set secret_pending = false where serial = :serial")
# Former units that the machine left before it had uploaded everything up to the end of its time there.
_LEFT = text(
    """
    select org_unit_id, in_unit_to from past_placement where serial = :serial
    and (cast(:before as timestamptz) is null or in_unit_to > :before)
    """
)
_MARKS = text(
    """
    update machine set complete_until = :complete_until, last_poll_at = :last_poll_at,
        last_upload_at = :last_upload_at, clock_wrong_since = :clock_wrong_since, last_contact_at = :now,
        address = coalesce(:address, address)
    where serial = :serial
    """
)


@dataclass(frozen=True, slots=True)
class LockedMachine:
    """A registered machine whose row this transaction has locked."""

    serial: str
    zone: ZoneInfo
    org_unit_id: str | None
    in_service_to: datetime | None
    marks: Watermark
    answering: bool
    """Whether it is sending the punches of a requested range."""
    asked: Asked
    """What a connection must present to be this machine."""
    journal_day: date | None
    journal_bytes: int
    """Bytes stored in the journal on that day."""


async def lock_machine(session: AsyncSession, serial: str, now: datetime) -> LockedMachine | None:
    """Locks a machine's row until the end of the transaction; None for a serial that is not registered."""
    row: Any = (await session.execute(_HOLD, {"serial": serial, "now": now})).first()
    if row is None:
        return None
    marks = Watermark(row.complete_until, row.last_poll_at, row.last_upload_at, row.clock_wrong_since)
    zone = ZoneInfo(row.timezone)
    return LockedMachine(
        row.serial, zone, row.org_unit_id, row.in_service_to, marks, row.answering, asked_of(row), row.journal_day,
        row.journal_bytes,
    )  # fmt: skip


def asked_of(row: Any) -> Asked:
    """The proof that a machine's row requires."""
    return Asked(
        tuple(row.networks), row.pinned_address, row.host_label_sha256, row.comm_key_sha256, row.secret_pending
    )


async def note_proof(session: AsyncSession, machine: LockedMachine, proof: Proof, address: str) -> None:
    """Stores a post's proof under the machine's lock: the first post pins the address, a first use activates a secret."""
    if proof.kind is ProofKind.NOTHING_YET:
        await session.execute(_PIN, {"serial": machine.serial, "address": address})
    if proof.secret_used and machine.asked.secret_pending:
        await session.execute(_SECRET_USED, {"serial": machine.serial})


async def write_watermark(change: Change, machine: LockedMachine, marks: Watermark, address: str | None) -> None:
    """Stores a contact and its watermark state; enqueues days that may become final or open again."""
    values = {
        "complete_until": marks.complete_until,
        "last_poll_at": marks.last_poll_at,
        "last_upload_at": marks.last_upload_at,
        "clock_wrong_since": marks.clock_wrong_since,
    }
    await change.session.execute(_MARKS, values | {"serial": machine.serial, "now": change.now, "address": address})
    before, after = machine.marks.complete_until, marks.complete_until
    if after is None or after == before:
        return
    # Read after the lock is acquired, so that a concurrent move's result is visible.
    left = (await change.session.execute(_LEFT, {"serial": machine.serial, "before": before})).all()
    for unit, ends in (*left, (machine.org_unit_id, machine.in_service_to)):
        if unit is not None:
            await enqueue_advanced(change, unit, before, after, ends)


# Registration and an unregistered machine's post exclude each other; otherwise lines could be stored in between and
# wait forever.
_LOCK_SERIAL = text("select pg_advisory_xact_lock(hashtextextended(:serial, 7))")


async def lock_serial(session: AsyncSession, serial: str) -> None:
    """Locks the serial until the end of the transaction."""
    await session.execute(_LOCK_SERIAL, {"serial": serial})
