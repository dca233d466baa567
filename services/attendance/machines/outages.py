"""Outages that an operator declares: a missing punch in them is not the officer's fault."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_unit
from services.attendance.machines.placements import units_between
from services.attendance.machines.tables import Outage
from shared.errors.errors import InvalidError

__all__ = ["put_outage", "read_outages"]

DAYS_MAX = 366
LISTED_MAX = 1_000

_UPSERT_OUTAGE = text(
    """
    insert into outage (outage_id, serial, org_unit_id, starts_at, ends_at, reason)
    values (:outage_id, :serial, :org_unit_id, :starts_at, :ends_at, :reason)
    on conflict (outage_id) do update set serial = excluded.serial, org_unit_id = excluded.org_unit_id,
        starts_at = excluded.starts_at, ends_at = excluded.ends_at, reason = excluded.reason
    """
)


async def read_outages(session: AsyncSession) -> Sequence[Outage]:
    """The outages, newest first."""
    newest_first = select(Outage).order_by(col(Outage.starts_at).desc(), col(Outage.outage_id))
    return (await session.scalars(newest_first.limit(LISTED_MAX))).all()


async def put_outage(change: Change, outage: Outage) -> None:
    """Stores an outage and enqueues the unit's days that it affects. Raises InvalidError."""
    if (outage.serial is None) == (outage.org_unit_id is None):
        raise InvalidError("Set either `serial` (one machine) or `org_unit_id` (all machines of a unit).")
    if not timedelta(0) < outage.ends_at - outage.starts_at <= timedelta(days=DAYS_MAX):
        raise InvalidError(f"`ends_at` must be after `starts_at`, by at most {DAYS_MAX} days.")
    before = await change.session.get(Outage, outage.outage_id, with_for_update=True)
    await change.session.execute(_UPSERT_OUTAGE, outage.model_dump())
    # Another reason alone leaves the affected days the same.
    if before is not None and before.model_dump(exclude={"reason"}) != outage.model_dump(exclude={"reason"}):
        await _enqueue_affected(change, before)
    await _enqueue_affected(change, outage)


async def _enqueue_affected(change: Change, outage: Outage) -> None:
    units = [] if outage.org_unit_id is None else [outage.org_unit_id]
    if outage.serial is not None:
        # A machine in no unit keeps nobody's day open.
        units = await units_between(change.session, [outage.serial], outage.starts_at, outage.ends_at)
    first, last = change.date_of(outage.starts_at), change.date_of(outage.ends_at)
    for unit in units:
        await enqueue_unit(change, unit, first, last)
