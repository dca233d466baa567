"""Operator use cases: register machines, move them, request missing punches from them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_spans
from services.attendance.machines.locked_machine import LockedMachine, lock_registered, lock_serial
from services.attendance.machines.placements import enqueue_unit_since, read_placements, write_placements
from services.attendance.machines.rechecks import change_zone, lock_clock_corrections
from services.attendance.machines.rules.placements import (
    Placement,
    PlacementRequest,
    changed_since,
    place,
    take_back,
    units_changed_since,
)
from shared.db.queries import query
from shared.errors.errors import ConflictError, InvalidError, NotFoundError

__all__ = ["MachineSetup", "put_machine", "queue_command", "resend_command", "undo_move"]

COMMAND_LIFE = timedelta(minutes=15)
RESEND_DAYS_MAX = 31


class _Registered(NamedTuple):
    timezone: str
    has_data: bool


class _PunchedOfficers(NamedTuple):
    """The officers who punched there, and their first and last local date; all None without such punches."""

    employees: list[UUID] | None
    first: date | None
    last: date | None


_UPSERT_MACHINE = text(
    """
    insert into machine (serial, name, timezone, direction_from, registered_at)
    values (:serial, :name, :timezone, :direction_from, :now)
    on conflict (serial) do update set name = excluded.name, timezone = excluded.timezone
    """
)
_REGISTERED = query(
    """
    select timezone, complete_until is not null or exists (select from punch p where p.serial = m.serial) as has_data
    from machine m where serial = :serial for no key update
    """,
    _Registered,
)
_PUNCHED_OFFICERS = query(
    "select array_agg(distinct employee_id) as employees, min(local_time)::date as first, max(local_time)::date as last"
    " from punch where serial = :serial and at >= :since and employee_id is not null",
    _PunchedOfficers,
)
_SET_NETWORKS = text("update machine set networks = :networks where serial = :serial")
_INSERT_COMMAND = text(
    """
    insert into device_command (token, serial, command, reason, created_at, expires_at)
    select cast(:token as varchar), cast(:serial as varchar), cast(:command as varchar), :reason,
           cast(:now as timestamptz), :expires_at
    where not exists (select from device_command where serial = :serial and result_at is null and expires_at > :now
                      and split_part(command, ' ', 1) = split_part(:command, ' ', 1))
    returning token
    """
)


@dataclass(frozen=True, slots=True)
class MachineSetup:
    """The operator's settings of a machine; `timezone` is an IANA zone.

    `networks`: the address ranges (CIDRs) of its site; None leaves them unchanged. Without a range the machine must keep
    one address.
    """

    serial: str
    name: str
    timezone: str
    place: PlacementRequest
    networks: Sequence[str] | None = None


async def put_machine(change: Change, setup: MachineSetup) -> tuple[LockedMachine, bool]:
    """Stores a machine's settings and locks it; returns it, and whether it is new.

    A changed zone changes the moments of all its punches. Every change enqueues the days it may affect.
    """
    session, serial = change.session, setup.serial
    await lock_clock_corrections(session)
    await lock_serial(session, serial)
    before = await _REGISTERED.first(session, {"serial": serial})
    placed_before = await read_placements(session, serial)
    has_data = before is not None and before.has_data
    placed = place(placed_before, setup.place, has_data=has_data, now=change.now)
    values = {
        "serial": serial,
        "name": setup.name,
        "timezone": setup.timezone,
        "direction_from": setup.place.direction_from,
        "now": change.now,
    }
    await session.execute(_UPSERT_MACHINE, values)
    await write_placements(session, serial, placed)
    machine = await lock_registered(session, serial, change.now)
    if before is not None and before.timezone != setup.timezone:
        await change_zone(change, machine)
    if setup.networks is not None:
        await session.execute(_SET_NETWORKS, {"serial": serial, "networks": list(setup.networks)})
    await _enqueue_changed_places(change, serial, placed_before, placed)
    return machine, before is None


async def undo_move(change: Change, serial: str, since: datetime) -> None:
    """Undoes the machine's most recent move, made at `since`. Raises NotFoundError."""
    await lock_clock_corrections(change.session)
    await lock_registered(change.session, serial, change.now)
    before = await read_placements(change.session, serial)
    if len(before) == 1 or before[-1].start != since:
        raise NotFoundError("The machine's last move has another time. See `in_unit_from` in the list of machines.")
    after = take_back(before)
    await write_placements(change.session, serial, after)
    await _enqueue_changed_places(change, serial, before, after)


async def _enqueue_changed_places(
    change: Change, serial: str, before: Sequence[Placement], after: Sequence[Placement]
) -> None:
    """Enqueues days that now wait for different machines, and days whose punches now have a different meaning."""
    since = changed_since(before, after)
    if since is not None:
        punched = await _PUNCHED_OFFICERS.one(change.session, {"serial": serial, "since": since})
        if punched.employees and punched.first and punched.last:
            await enqueue_spans(change, [(officer, punched.first, punched.last) for officer in punched.employees])
    for unit, first in sorted(units_changed_since(before, after).items()):
        await enqueue_unit_since(change, unit, first)


def resend_command(first: datetime, last: datetime) -> str:
    """The command that makes a machine resend its punches between two local times. Raises InvalidError."""
    if not timedelta(0) < last - first <= timedelta(days=RESEND_DAYS_MAX):
        raise InvalidError(
            f"`to` must be after `from`, by at most {RESEND_DAYS_MAX} days. Request a longer span in parts."
        )
    start, end = (moment.replace(microsecond=0).isoformat(" ") for moment in (first, last))
    return f"DATA QUERY ATTLOG StartTime={start}\tEndTime={end}"


async def queue_command(session: AsyncSession, serial: str, command: str, reason: str, now: datetime) -> str:
    """Queues a command for the machine's next poll; returns the id that the machine will send with the result.

    Raises ConflictError while a similar command is open.
    """
    await lock_registered(session, serial, now)
    values = {
        "token": secrets.token_hex(8),  # 16 characters, the maximum of the protocol
        "serial": serial,
        "command": command,
        "reason": reason,
        "now": now,
        "expires_at": now + COMMAND_LIFE,
    }
    token = await session.scalar(_INSERT_COMMAND, values)
    if token is None:
        raise ConflictError("The machine has not answered a similar command yet. Wait for the result, or 15 minutes.")
    return str(token)
