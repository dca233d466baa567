"""Stores the placements of machines: a day waits for the machines that were in its unit then, not for today's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_unit
from services.attendance.machines.rules.placements import Placement
from services.attendance.machines.tables import PastPlacement
from shared.db.queries import query

__all__ = [
    "enqueue_days_waiting_for",
    "enqueue_unit_since",
    "read_placements",
    "units_between",
    "write_placements",
]


class _PlacementRow(NamedTuple):
    org_unit_id: str | None
    direction_from: str
    in_unit_from: datetime | None
    in_unit_to: datetime | None


class _Unit(NamedTuple):
    org_unit_id: str


_PLACEMENTS_OF_MACHINE = query(
    """
    select org_unit_id, direction_from, in_unit_from, in_unit_to from past_placement where serial = :serial
    union all
    select org_unit_id, direction_from, in_unit_from, in_service_to from machine where serial = :serial
    """,
    _PlacementRow,
)
_UPDATE_PRESENT_PLACEMENT = text(
    """
    update machine set org_unit_id = :org_unit_id, direction_from = :direction_from, in_unit_from = :in_unit_from,
        in_service_to = :in_unit_to
    where serial = :serial
    """
)
_UNITS_OF_MACHINES = query(
    """
    select distinct org_unit_id from machine_placement_v1
    where serial = any(cast(:serials as varchar[])) and org_unit_id is not null
      and coalesce(in_unit_from, '-infinity') <= coalesce(cast(:last as timestamptz), 'infinity')
      and coalesce(in_unit_to, 'infinity') >= :first
    order by 1
    """,
    _Unit,
)


async def units_between(
    session: AsyncSession, serials: Sequence[str], first: datetime, last: datetime | None = None
) -> list[str]:
    """The units in which any of these machines was during a time (`last` None: until now)."""
    values = {"serials": list(serials), "first": first, "last": last}
    return [row.org_unit_id for row in await _UNITS_OF_MACHINES.all(session, values)]


async def enqueue_days_waiting_for(change: Change, serials: Sequence[str], since: datetime) -> None:
    """Enqueues the days, from this moment on, of the units in which any of these machines was."""
    for unit in await units_between(change.session, serials, since):
        await enqueue_unit_since(change, unit, since)


async def enqueue_unit_since(change: Change, org_unit_id: str, since: datetime) -> None:
    """Enqueues the unit's days from this moment on."""
    await enqueue_unit(change, org_unit_id, change.date_of(since), change.today)


async def read_placements(session: AsyncSession, serial: str) -> list[Placement]:
    """A machine's placements, oldest first; the last is the present one. Empty for an unregistered machine."""
    found = [Placement(*row) for row in await _PLACEMENTS_OF_MACHINE.all(session, {"serial": serial})]
    return sorted(found, key=lambda each: (each.start is not None, each.start))


async def write_placements(session: AsyncSession, serial: str, placements: Sequence[Placement]) -> None:
    """Stores a registered machine's placements: the present one in its own row, the past ones in `past_placement`."""
    *past, present = placements
    values = {
        "serial": serial,
        "org_unit_id": present.org_unit_id,
        "direction_from": present.direction_from,
        "in_unit_from": present.start,
        "in_unit_to": present.end,
    }
    await session.execute(_UPDATE_PRESENT_PLACEMENT, values)
    await session.execute(delete(PastPlacement).where(col(PastPlacement.serial) == serial))
    for each in past:
        if each.end is None:
            raise ValueError(f"the placement of {serial} in {each.org_unit_id} is not the last and has no end")
        session.add(
            PastPlacement(
                serial=serial,
                org_unit_id=each.org_unit_id,
                direction_from=each.direction_from,
                in_unit_from=each.start,
                in_unit_to=each.end,
            )
        )
    await session.flush()
