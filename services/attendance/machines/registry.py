"""Operator use cases: register machines, request missing punches from them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_employees, enqueue_unit
from services.attendance.machines.clock_corrections import hold_clock_corrections
from services.attendance.machines.locked_machine import LockedMachine, lock_machine, lock_serial
from services.attendance.machines.placements import Since, decide, read_placements, write_placements
from services.attendance.machines.rules.placements import Placement, changed_since, take_back, units_changed_since
from services.attendance.machines.zone_change import change_zone
from shared.errors.errors import ConflictError, InvalidError, NotFoundError

__all__ = ["MachineSetup", "order", "put_machine", "resend_command", "take_move_back"]

COMMAND_LIFE = timedelta(minutes=15)
RESEND_DAYS_MAX = 31
BATCH = 5_000
NO_MACHINE = "There is no machine with this serial. Register it first."

_PUT = text(
    """
    insert into machine (serial, name, timezone, direction_from, registered_at)
    values (:serial, :name, :timezone, :direction_from, :now)
    on conflict (serial) do update set name = excluded.name, timezone = excluded.timezone
    """
)
_BEFORE = text(
    """
    select timezone, complete_until is not null or exists (select from punch p where p.serial = m.serial) as heard
    from machine m where serial = :serial for no key update
    """
)
_PEOPLE = text(
    "select array_agg(distinct employee_id) as employees, min(local_time)::date as first, max(local_time)::date as last"
    " from punch where serial = :serial and at >= :since and employee_id is not null"
)
_NETWORKS = text("update machine set networks = :networks where serial = :serial")
_ORDER = text(
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
    """The operator's settings of a machine; `timezone` is an IANA zone, `direction_from` is status or shift.

    `in_unit_from`: since when it is in its unit; None leaves it unchanged. `in_service_to`: when it was taken out of
    service; None while it is in service; "unchanged" leaves it unchanged. `networks`: the address ranges (CIDRs) of its site;
    None leaves them unchanged.
    """

    serial: str
    name: str
    timezone: str
    direction_from: str
    org_unit_id: str | None
    in_unit_from: Since = None
    in_service_to: datetime | Literal["unchanged"] | None = "unchanged"
    networks: Sequence[str] | None = None


async def _set_networks(session: AsyncSession, serial: str, networks: Sequence[str]) -> None:
    """Sets the address ranges from which the machine may connect; without a range it must keep one address."""
    await session.execute(_NETWORKS, {"serial": serial, "networks": list(networks)})


async def put_machine(change: Change, setup: MachineSetup) -> tuple[LockedMachine, bool]:
    """Stores a machine's settings and locks it; returns it, and whether it is new.

    A changed zone changes the moments of all its punches. Every change enqueues the days it may affect.
    """
    await hold_clock_corrections(change.session)
    await lock_serial(change.session, setup.serial)
    before: Any = (await change.session.execute(_BEFORE, {"serial": setup.serial})).first()
    placed_before = await read_placements(change.session, setup.serial)
    placed = _placements(placed_before, setup, heard=before is not None and before.heard, now=change.now)
    values = {
        "serial": setup.serial,
        "name": setup.name,
        "timezone": setup.timezone,
        "direction_from": setup.direction_from,
        "now": change.now,
    }
    await change.session.execute(_PUT, values)
    await write_placements(change.session, setup.serial, placed)
    machine = await lock_machine(change.session, setup.serial, change.now)
    if machine is None:
        raise NotFoundError(NO_MACHINE)
    if before is not None and before.timezone != setup.timezone:
        await change_zone(change, machine)
    if setup.networks is not None:
        await _set_networks(change.session, setup.serial, setup.networks)
    await _enqueue_places(change, setup.serial, placed_before, placed)
    return machine, before is None


async def take_move_back(change: Change, serial: str, since: datetime) -> None:
    """Undoes the machine's most recent move, made at `since`. Raises NotFoundError."""
    await hold_clock_corrections(change.session)
    await _lock(change.session, serial)
    before = await read_placements(change.session, serial)
    if len(before) == 1 or before[-1].start != since:
        raise NotFoundError("The machine's last move has another time. See `in_unit_from` in the list of machines.")
    after = take_back(before)
    await write_placements(change.session, serial, after)
    await _enqueue_places(change, serial, before, after)


async def _enqueue_places(
    change: Change,
    serial: str,
    before: Sequence[Placement],
    after: Sequence[Placement],
) -> None:
    """Enqueues days that now wait for different machines, and days whose punches now have a different meaning."""
    since = changed_since(before, after)
    if since is not None:
        await _enqueue_people(change, serial, since)
    for unit, first in sorted(units_changed_since(before, after).items()):
        # A shift that ends after midnight belongs to the date before.
        await enqueue_unit(change, unit, change.date_of(first) - timedelta(days=1), change.today)


def _placements(before: Sequence[Placement], setup: MachineSetup, *, heard: bool, now: datetime) -> list[Placement]:
    placed = decide(before, setup.org_unit_id, setup.direction_from, setup.in_unit_from, heard=heard, now=now)
    *past, present = placed
    if setup.in_service_to != "unchanged":
        present = replace(present, end=setup.in_service_to)
    if present.start is not None and present.end is not None and present.end <= present.start:
        raise InvalidError(
            "`in_service_to` is the end of the machine's service in this unit and must be after `in_unit_from`. To set the end"
            " in its former unit, send a separate request before the move."
        )
    return [*past, present]


async def _enqueue_people(change: Change, serial: str, since: datetime) -> None:
    row: Any = (await change.session.execute(_PEOPLE, {"serial": serial, "since": since})).one()
    if row.employees:
        day = timedelta(days=1)
        await enqueue_employees(change, row.employees, row.first - day, row.last + day)


async def _lock(session: AsyncSession, serial: str) -> None:
    if (await session.execute(_BEFORE, {"serial": serial})).first() is None:
        raise NotFoundError(NO_MACHINE)


def resend_command(first: datetime, last: datetime) -> str:
    """The command that makes a machine resend its punches between two local times. Raises InvalidError."""
    if not timedelta(0) < last - first <= timedelta(days=RESEND_DAYS_MAX):
        raise InvalidError(
            f"`to` must be after `from`, by at most {RESEND_DAYS_MAX} days. Request a longer span in parts."
        )
    start, end = (moment.replace(microsecond=0).isoformat(" ") for moment in (first, last))
    return f"DATA QUERY ATTLOG StartTime={start}\tEndTime={end}"


async def order(session: AsyncSession, serial: str, command: str, reason: str, now: datetime) -> str:
    """Queues a command for the machine's next poll; returns the id that the machine will send with the result.

    Raises ConflictError while a similar command is open.
    """
    await _lock(session, serial)
    query: TextClause = _ORDER
    values = {
        "token": secrets.token_hex(8),  # 16 characters, the maximum of the protocol
        "serial": serial,
        "command": command,
        "reason": reason,
        "now": now,
        "expires_at": now + COMMAND_LIFE,
    }
    found = (await session.execute(query, values)).scalar()
    if found is None:
        raise ConflictError("The machine has not answered a similar command yet. Wait for the result, or 15 minutes.")
    return str(found)
