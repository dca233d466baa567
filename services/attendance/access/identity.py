"""Identifies the machine of a connection: by its serial number and what it presents as proof."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.access.signals import raise_signal
from services.attendance.machines.locked_machine import LockedMachine, lock_machine, required_proof_of, store_proof
from services.attendance.machines.rules.proof import PresentedProof, Proof, Refusal, prove
from services.attendance.machines.rules.signals import TWO_ADDRESSES_SECONDS, SignalKind
from shared.db.queries import query

__all__ = ["IdentifiedMachine", "identify", "lock_proved_machine", "signal_other_address"]


class _MachineRow(NamedTuple):
    serial: str
    timezone: str
    last_contact_at: datetime | None
    last_poll_at: datetime | None
    info: str | None
    address: str | None
    networks: list[str]
    pinned_address: str | None
    host_label_sha256: bytes | None
    comm_key_sha256: bytes | None
    secret_pending: bool


_MACHINE = query(
    """
    select serial, timezone, last_contact_at, last_poll_at, info, address, networks, pinned_address, host_label_sha256,
           comm_key_sha256, secret_pending
    from machine where serial = :serial
    """,
    _MachineRow,
)


@dataclass(frozen=True, slots=True)
class IdentifiedMachine:
    """A machine that is proved, or (NOTHING_YET) that its first post may prove; its row is not locked."""

    serial: str
    proof: Proof
    zone: ZoneInfo
    last_contact_at: datetime | None
    last_poll_at: datetime | None
    info: str | None
    address: str | None


async def identify(session: AsyncSession, serial: str, presented: PresentedProof) -> IdentifiedMachine | Refusal:
    """The machine, or why the connection is not accepted as it."""
    row = await _MACHINE.first(session, {"serial": serial})
    if row is None:
        return Refusal.UNREGISTERED_SERIAL
    proof = prove(required_proof_of(row), presented)
    if proof.refusal is not None:
        return proof.refusal
    return IdentifiedMachine(
        row.serial, proof, ZoneInfo(row.timezone), row.last_contact_at, row.last_poll_at, row.info, row.address
    )


async def signal_other_address(session: AsyncSession, found: IdentifiedMachine, address: str, now: datetime) -> None:
    """Raises a signal when a machine that may connect from anywhere uses two addresses at the same time."""
    if found.address in (None, address) or found.last_contact_at is None:
        return
    if now - found.last_contact_at <= timedelta(seconds=TWO_ADDRESSES_SECONDS):
        detail = f"from {found.address} and from {address}"
        await raise_signal(session, found.serial, SignalKind.TWO_ADDRESSES, detail, now)


async def lock_proved_machine(
    session: AsyncSession, serial: str, presented: PresentedProof, now: datetime
) -> LockedMachine | Refusal:
    """Returns the machine of a post with its row locked; its first post pins the address.

    Refuses unproved connections before it takes the lock, so that they never make the machine itself wait.
    """
    found = await identify(session, serial, presented)
    if isinstance(found, Refusal):
        return found
    machine = await lock_machine(session, serial, now)
    if machine is None:
        return Refusal.UNREGISTERED_SERIAL
    proof = prove(machine.required_proof, presented)  # another first post may have pinned the address
    if proof.refusal is not None:
        return proof.refusal
    await store_proof(session, machine, proof, presented.address)
    await signal_other_address(session, found, presented.address, now)
    return machine
