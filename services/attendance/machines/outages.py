"""Outages that an operator declares: a missing punch in them is not the officer's fault."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_unit
from services.attendance.machines.placements import units_between
from shared.errors.errors import InvalidError

__all__ = ["IN_OUTAGE", "DeclaredOutage", "put_outage"]

IN_OUTAGE = """exists (select from outage o where cast(:now as timestamptz) between o.starts_at and o.ends_at
                   and (o.serial = m.serial or o.org_unit_id = m.org_unit_id))"""
"""SQL: whether machine `m` is in a declared outage at `now`, so that no alert is needed."""

DAYS_MAX = 366
_DAY = timedelta(days=1)

_LOCK = text("select serial, org_unit_id, starts_at, ends_at from outage where outage_id = :id for update")
_PUT = text(
    """
    insert into outage (outage_id, serial, org_unit_id, starts_at, ends_at, reason)
    values (:id, :serial, :org_unit_id, :starts_at, :ends_at, :reason)
    on conflict (outage_id) do update set serial = excluded.serial, org_unit_id = excluded.org_unit_id,
        starts_at = excluded.starts_at, ends_at = excluded.ends_at, reason = excluded.reason
    """
)


@dataclass(frozen=True, slots=True)
class DeclaredOutage:
    """A time in which one machine, or all machines of a unit, could not take punches."""

    outage_id: UUID
    serial: str | None
    org_unit_id: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str


async def put_outage(change: Change, outage: DeclaredOutage) -> None:
    """Stores an outage and enqueues the unit's days that it affects. Raises InvalidError."""
    if (outage.serial is None) == (outage.org_unit_id is None):
        raise InvalidError("Set either `serial` (one machine) or `org_unit_id` (all machines of a unit).")
    if not timedelta(0) < outage.ends_at - outage.starts_at <= timedelta(days=DAYS_MAX):
        raise InvalidError(f"`ends_at` must be after `starts_at`, by at most {DAYS_MAX} days.")
    before: Any = (await change.session.execute(_LOCK, {"id": outage.outage_id})).first()
    values = {
        "id": outage.outage_id,
        "serial": outage.serial,
        "org_unit_id": outage.org_unit_id,
        "starts_at": outage.starts_at,
        "ends_at": outage.ends_at,
        "reason": outage.reason,
    }
    await change.session.execute(_PUT, values)
    for touched in (before, outage):
        if touched is not None:
            await _enqueue_affected(change, touched)


async def _enqueue_affected(change: Change, outage: Any) -> None:
    units = [outage.org_unit_id]
    if outage.serial is not None:
        # A machine in no unit keeps nobody's day open.
        units = await units_between(change.session, [outage.serial], outage.starts_at, outage.ends_at)
    first = change.date_of(outage.starts_at)
    last = change.date_of(outage.ends_at)
    for unit in units:
        # A shift of the previous date may reach into the outage, and a window of the next date may begin in it.
        await enqueue_unit(change, unit, first - _DAY, last + _DAY)
