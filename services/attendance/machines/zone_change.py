"""Corrects a machine's zone: recomputes everything that was derived from its local times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_for_moments
from services.attendance.machines.clock_corrections import believe_again, true_received_at
from services.attendance.machines.locked_machine import LockedMachine
from services.attendance.machines.placements import enqueue_days_waiting_for
from services.attendance.machines.rules.clock import clock_flags

__all__ = ["change_zone"]

BATCH = 5_000
INSTANT = "api-instant"
"""The source of punches sent with a UTC offset: their moment stays, their local time follows the zone."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_PUNCHES = text(
    f"""
    select p.id, p.local_time, p.at, p.employee_id, p.source, {true_received_at("p")} as received_at from punch p
    where p.serial = :serial and p.id > :after order by p.id limit :most
    """
)
_REZONE = text(
    """
    update punch p set at = t.at, local_time = t.local_time, flags = string_to_array(t.flags, ','), counted = t.flags = ''
    from unnest(cast(:ids as bigint[]), cast(:ats as timestamptz[]), cast(:local_times as timestamp[]),
                cast(:flags as varchar[])) as t (id, at, local_time, flags)
    where p.id = t.id
    """
)
# The record that set the watermark, if any. A watermark set by a poll is the server's time and stays.
_MARKED_BY = text(
    "select id from punch where serial = :serial and at = :mark and source <> 'api-instant' order by id limit 1"
)
_LOWER = text(
    """
    update machine m set complete_until = least(m.complete_until, p.at) from punch p
    where m.serial = :serial and p.id = :id returning m.complete_until
    """
)


async def change_zone(change: Change, machine: LockedMachine) -> None:
    """Recomputes all of the machine's punches in its present zone (`machine.zone`), its clock state and its watermark."""
    mark = machine.marks.complete_until
    marked_by = None
    if mark is not None:
        marked_by = (await change.session.execute(_MARKED_BY, {"serial": machine.serial, "mark": mark})).scalar()
    await _move_punches(change, machine)
    if mark is not None and marked_by is not None:
        lowered = (await change.session.execute(_LOWER, {"serial": machine.serial, "id": marked_by})).scalar_one()
        await enqueue_days_waiting_for(change, [machine.serial], lowered)
    wrong_since = machine.marks.clock_wrong_since
    await believe_again(change, [machine.serial], wrong_since or _EPOCH, None)


async def _move_punches(change: Change, machine: LockedMachine) -> None:
    after = 0
    while True:
        rows = (await change.session.execute(_PUNCHES, {"serial": machine.serial, "after": after, "most": BATCH})).all()
        if not rows:
            return
        after = rows[-1].id
        moved = [_moved(row, machine.zone) for row in rows]
        flags = [
            ",".join(clock_flags(local, row.received_at.astimezone(machine.zone).replace(tzinfo=None)))
            for row, (_, local) in zip(rows, moved, strict=True)
        ]
        values = {
            "ids": [row.id for row in rows],
            "ats": [at for at, _ in moved],
            "local_times": [local for _, local in moved],
            "flags": flags,
        }
        await change.session.execute(_REZONE, values)
        touched = [(row.employee_id, at) for row, (new, _) in zip(rows, moved, strict=True) for at in (row.at, new)]
        await enqueue_for_moments(change, touched, bulk=True)


def _moved(row: Any, zone: ZoneInfo) -> tuple[datetime, datetime]:
    if row.source == INSTANT:
        return row.at, row.at.astimezone(zone).replace(tzinfo=None)
    return row.local_time.replace(tzinfo=zone).astimezone(UTC), row.local_time
