"""A machine's row under lock: what the server knows of it, and how that changes with each contact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days import mark_advanced
from services.attendance.domain.proof import Asked, Proof, ProofKind
from services.attendance.marks import Marks

__all__ = ["HeldMachine", "asked_of", "hold_machine", "note_proof", "write_marks"]

# No key update: a stranger who names the serial leaves a signal that refers to the row, and his answer must not wait.
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
# Units that it left before it had told all of its last days there.
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
class HeldMachine:
    """A registered machine whose row this transaction has locked."""

    serial: str
    zone: ZoneInfo
    org_unit_id: str | None
    in_service_to: datetime | None
    marks: Marks
    answering: bool
    """Whether it is answering a query for a range of punches."""
    asked: Asked
    """What a connection has to show to be this machine."""
    journal_day: date | None
    journal_bytes: int
    """Bytes journalled on that day."""


async def hold_machine(session: AsyncSession, serial: str, now: datetime) -> HeldMachine | None:
    """Locks a machine's row until the end of the transaction; None for a serial that is not registered."""
    row: Any = (await session.execute(_HOLD, {"serial": serial, "now": now})).first()
    if row is None:
        return None
    marks = Marks(row.complete_until, row.last_poll_at, row.last_upload_at, row.clock_wrong_since)
    zone = ZoneInfo(row.timezone)
    return HeldMachine(
        row.serial, zone, row.org_unit_id, row.in_service_to, marks, row.answering, asked_of(row), row.journal_day,
        row.journal_bytes,
    )  # fmt: skip


def asked_of(row: Any) -> Asked:
    """What a machine's row says that it has to show."""
    return Asked(
        tuple(row.networks), row.pinned_address, row.host_label_sha256, row.comm_key_sha256, row.secret_pending
    )


async def note_proof(session: AsyncSession, machine: HeldMachine, proof: Proof, address: str) -> None:
    """A post's proof, once its machine is held: the first one pins the address, a secret's first use makes it count."""
    if proof.kind is ProofKind.NOTHING_YET:
        await session.execute(_PIN, {"serial": machine.serial, "address": address})
    if proof.secret_used and machine.asked.secret_pending:
        await session.execute(_SECRET_USED, {"serial": machine.serial})


async def write_marks(
    session: AsyncSession, machine: HeldMachine, marks: Marks, now: datetime, address: str | None
) -> None:
    """Notes a contact with its marks; days that may become final, or are open again for a right clock, are marked."""
    values = {
        "complete_until": marks.complete_until,
        "last_poll_at": marks.last_poll_at,
        "last_upload_at": marks.last_upload_at,
        "clock_wrong_since": marks.clock_wrong_since,
    }
    await session.execute(_MARKS, values | {"serial": machine.serial, "now": now, "address": address})
    before, after = machine.marks.complete_until, marks.complete_until
    if after is None or after == before:
        return
    # Read after the lock was got: who waited for a move's end sees what it wrote.
    left = (await session.execute(_LEFT, {"serial": machine.serial, "before": before})).all()
    for unit, ends in (*left, (machine.org_unit_id, machine.in_service_to)):
        if unit is not None:
            await mark_advanced(session, unit, before, after, ends)
