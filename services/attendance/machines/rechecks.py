"""Checks stored punches and machines' clocks again, after the zone or the true receive time of punches has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_for_moments
from services.attendance.machines.locked_machine import LockedMachine
from services.attendance.machines.placements import enqueue_days_waiting_for
from services.attendance.machines.rules.clock import clock_flags
from services.attendance.machines.rules.watermark import LIVE_SECONDS
from shared.db.queries import Query, query

__all__ = [
    "INSTANT",
    "change_zone",
    "lock_clock_corrections",
    "recheck_received_punches",
]

BATCH = 5_000
INSTANT = "api-instant"
"""The source of punches sent with a UTC offset: their moment stays, their local time follows the zone."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Machine(NamedTuple):
    serial: str


class _Punch(NamedTuple):
    id: int
    serial: str
    employee_id: UUID | None
    local_time: datetime
    at: datetime
    source: str
    flags: list[str]
    timezone: str
    true_received_at: datetime

    def recomputed(self) -> _Punch:
        """Its moment and flags by its machine's present zone and its true receive time."""
        zone = ZoneInfo(self.timezone)
        if self.source == INSTANT:
            at, local = self.at, self.at.astimezone(zone).replace(tzinfo=None)
        else:
            at, local = self.local_time.replace(tzinfo=zone).astimezone(UTC), self.local_time
        flags = clock_flags(local, self.true_received_at.astimezone(zone).replace(tzinfo=None))
        return self._replace(at=at, local_time=local, flags=flags)


_PUNCHES = """
    select p.id, p.serial, p.employee_id, p.local_time, p.at, p.source, p.flags, m.timezone, true_received_at
    from punch p join machine m using (serial) cross join true_received_at_v1(p.received_at)
    where p.id > :after and {which} order by p.id limit :most
"""
_PUNCHES_RECEIVED = query(_PUNCHES.format(which="p.received_at between :first and :last"), _Punch)
_PUNCHES_OF_MACHINE = query(_PUNCHES.format(which="p.serial = :serial"), _Punch)
_UPDATE_PUNCHES = text(
    """
    update punch p set at = t.at, local_time = t.local_time, flags = string_to_array(t.flags, ','), counted = t.flags = ''
    from unnest(cast(:ids as bigint[]), cast(:ats as timestamptz[]), cast(:local_times as timestamp[]),
                cast(:flags as varchar[])) as t (id, at, local_time, flags)
    where p.id = t.id
    """
)
# Same result as if the posts came again: a future punch makes a machine's clock wrong, a later live punch makes it right.
_UPDATED_CLOCKS = query(
    f"""
    with clock as (
        select m.serial, m.clock_wrong_since as before,
               max(p.received_at) filter (
                   where p.counted and p.at >= true_received_at - interval '{LIVE_SECONDS} seconds') as live_at
        from machine m left join punch p on p.serial = m.serial and p.at >= cast(:first as timestamptz) - interval '1 day'
            and p.received_at >= :first
        cross join true_received_at_v1(p.received_at)
        where m.serial = any(cast(:serials as varchar[])) or m.clock_wrong_since between :first and cast(:last as timestamptz)
        group by m.serial
    ), found as (
        select c.serial, c.before,
               coalesce(
                   case when c.before < :first and c.live_at is null then c.before end,
                   (select min(p.received_at) from punch p
                    where p.serial = c.serial and not p.counted and 'future' = any(p.flags)
                      and p.received_at >= greatest(:first, c.live_at))) as after
        from clock c
    )
    update machine m set clock_wrong_since = f.after from found f
    where m.serial = f.serial and f.before is distinct from f.after
    returning m.serial
    """,
    _Machine,
)
# The record that set the watermark, if any. A watermark set by a poll is the server's time and stays.
_PUNCH_AT_WATERMARK = text(
    f"select id from punch where serial = :serial and at = :watermark and source <> '{INSTANT}' order by id limit 1"
)
_LOWER_WATERMARK = text(
    """
    update machine m set complete_until = least(m.complete_until, p.at) from punch p
    where m.serial = :serial and p.id = :id returning m.complete_until
    """
)
_LOCK_CORRECTIONS = text("lock table clock_correction in share mode")


async def lock_clock_corrections(session: AsyncSession) -> None:
    """Blocks changes of corrections until the end of the transaction."""
    await session.execute(_LOCK_CORRECTIONS)


async def recheck_received_punches(change: Change, first: datetime, last: datetime) -> None:
    """Recomputes the punches received between two moments, and the clocks of the machines concerned."""
    serials = await _recompute(change, _PUNCHES_RECEIVED, {"first": first, "last": last})
    await _recheck_clocks(change, sorted(serials), first, last)


async def change_zone(change: Change, machine: LockedMachine) -> None:
    """Recomputes all of the machine's punches in its present zone, its clock's state and its watermark."""
    session, values = change.session, {"serial": machine.serial, "watermark": machine.watermark.complete_until}
    set_by = (await session.execute(_PUNCH_AT_WATERMARK, values)).scalar()
    await _recompute(change, _PUNCHES_OF_MACHINE, {"serial": machine.serial})
    if set_by is not None:
        lowered = (await session.execute(_LOWER_WATERMARK, {"serial": machine.serial, "id": set_by})).scalar_one()
        await enqueue_days_waiting_for(change, [machine.serial], lowered)
    await _recheck_clocks(change, [machine.serial], machine.watermark.clock_wrong_since or _EPOCH, None)


async def _recompute(change: Change, punches: Query[_Punch], values: Mapping[str, object]) -> set[str]:
    """Stores the punches whose moment or flags differ now and enqueues their days; returns their machines."""
    after, serials = 0, set[str]()
    while rows := await punches.all(change.session, {**values, "after": after, "most": BATCH}):
        after = rows[-1].id
        changed = [(row, new) for row in rows if (new := row.recomputed()) != row]
        if changed:
            stored = {
                "ids": [new.id for _, new in changed],
                "ats": [new.at for _, new in changed],
                "local_times": [new.local_time for _, new in changed],
                "flags": [",".join(new.flags) for _, new in changed],
            }
            await change.session.execute(_UPDATE_PUNCHES, stored)
            moments = [(each.employee_id, each.at) for pair in changed for each in pair]
            await enqueue_for_moments(change, moments, bulk=True)
            serials.update(row.serial for row, _ in changed)
    return serials


async def _recheck_clocks(change: Change, serials: Sequence[str], first: datetime, last: datetime | None) -> None:
    """Checks again, with the punches received from `first` on, whether these machines' clocks are wrong.

    With `last`, also checks all other machines whose clock was found wrong between the two moments. Enqueues the days of
    the units whose machines' watermarks become valid or invalid.
    """
    values = {"serials": list(serials), "first": first, "last": last}
    changed = [row.serial for row in await _UPDATED_CLOCKS.all(change.session, values)]
    await enqueue_days_waiting_for(change, changed, first)
