"""Stores the placements of machines: a day waits for the machines that were in its unit then, not for today's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_unit
from services.attendance.machines.rules.placements import Placement, move, place_anew, redate
from shared.errors.errors import ConflictError, InvalidError

__all__ = [
    "PLACEMENTS",
    "Since",
    "decide",
    "enqueue_days_waiting_for",
    "read_placements",
    "serves_from",
    "units_between",
    "write_placements",
]

Since = datetime | Literal["always"] | None
"""Since when a machine is in its unit: a moment, always, or not specified (None)."""

PLACEMENTS = """(
    select placed.*, marks.complete_until, marks.registered_at,
           greatest(coalesce(marks.complete_until, marks.registered_at), placed.in_unit_from) as awaited_since,
           case when marks.clock_wrong_since <= coalesce(placed.in_unit_to, 'infinity') then marks.clock_wrong_since end
               as clock_wrong_since
    from (select serial, org_unit_id, in_unit_from, in_service_to as in_unit_to from machine
          union all
          select serial, org_unit_id, in_unit_from, in_unit_to from past_placement) placed
    join machine marks using (serial)
)"""
"""Every placement of every machine with the machine's watermark; a clock that went wrong later does not affect it.

`awaited_since`: from when on the machine's silence counts.
"""

_READ = text(
    """
    select org_unit_id, direction_from, in_unit_from, in_unit_to from past_placement where serial = :serial
    union all
    select org_unit_id, direction_from, in_unit_from, in_service_to from machine where serial = :serial
    """
)
_PRESENT = text(
    """
    update machine set org_unit_id = :org_unit_id, direction_from = :direction_from, in_unit_from = :in_unit_from,
        in_service_to = :in_unit_to
    where serial = :serial
    """
)
_FORGET = text("delete from past_placement where serial = :serial")
_WRITE = text(
    "insert into past_placement (serial, org_unit_id, direction_from, in_unit_from, in_unit_to)"
    " values (:serial, :org_unit_id, :direction_from, :in_unit_from, :in_unit_to)"
)


_UNITS = text(
    f"""
    select distinct org_unit_id from {PLACEMENTS} m
    where serial = any(cast(:serials as varchar[])) and org_unit_id is not null
      and coalesce(in_unit_from, '-infinity') <= coalesce(cast(:last as timestamptz), 'infinity')
      and coalesce(in_unit_to, 'infinity') >= :first
    order by 1
    """
)


def serves_from(floor: str) -> str:
    """SQL for the moment since which placement `m` of `PLACEMENTS` is in service.

    A machine that was always in its unit is in service since its registration, or since its earliest punch if it has a
    watermark. Punches much older than `floor` prove nothing: a machine with an empty battery dates them to the year 2000.
    """
    return f"""coalesce(m.in_unit_from, least(m.registered_at,
               (select min(at) from punch p where p.serial = m.serial and m.complete_until is not null
                and p.at >= cast({floor} as timestamptz) - interval '31 days')))"""


async def units_between(
    session: AsyncSession, serials: Sequence[str], first: datetime, last: datetime | None = None
) -> list[str]:
    """The units in which any of these machines was during a time (`last` None: until now)."""
    values = {"serials": list(serials), "first": first, "last": last}
    return list((await session.execute(_UNITS, values)).scalars())


async def enqueue_days_waiting_for(change: Change, serials: Sequence[str], since: datetime) -> None:
    """Enqueues the days, from this moment on, of the units in which any of these machines was."""
    for unit in await units_between(change.session, serials, since):
        # A shift that ends after midnight belongs to the date before.
        await enqueue_unit(change, unit, change.date_of(since) - timedelta(days=1), change.today)


async def read_placements(session: AsyncSession, serial: str) -> list[Placement]:
    """A machine's placements, oldest first; the last is the present one. Empty for an unregistered machine."""
    found = [Placement(*row) for row in await session.execute(_READ, {"serial": serial})]
    return sorted(found, key=lambda each: (each.start is not None, each.start))


def decide(
    before: Sequence[Placement],
    org_unit_id: str | None,
    direction_from: str,
    since: Since,
    *,
    heard: bool,
    now: datetime,
) -> list[Placement]:
    """The placements after an operator's request about a machine's unit.

    Raises ConflictError when a machine that has sent data (`heard`) changes its unit without a time, since days depend on
    its place. Raises InvalidError for an impossible time.
    """
    if isinstance(since, datetime) and since > now:
        raise InvalidError("`in_unit_from` is in the future. Send the request after the machine has moved.")
    if not before:
        return [Placement(org_unit_id, direction_from, since if isinstance(since, datetime) else None)]
    if since == "always":
        return place_anew(before, org_unit_id, direction_from)
    *past, last = before
    here = [*past, last.elsewhere(org_unit_id, direction_from)]
    same = org_unit_id == last.org_unit_id
    if since is None:
        if heard and not same:
            raise ConflictError(
                "The machine has already sent data, and days may depend on its place. Set `in_unit_from`: the time since"
                ' which it is in this unit, or "always".'
            )
        return here
    # A machine that was taken out of service and returns to the same unit: this is a move too.
    back = same and last.end is not None and since >= last.end
    try:
        return redate(here, since) if same and not back else move(before, org_unit_id, direction_from, since)
    except ValueError as error:
        raise InvalidError(
            f"`in_unit_from` is too early: {error}. Use a later time, or undo its last move first."
        ) from error


async def write_placements(session: AsyncSession, serial: str, placements: Sequence[Placement]) -> None:
    """Stores a registered machine's placements: the present one in its own row, the past ones in `past_placement`."""
    rows: list[dict[str, Any]] = [
        {
            "serial": serial,
            "org_unit_id": each.org_unit_id,
            "direction_from": each.direction_from,
            "in_unit_from": each.start,
            "in_unit_to": each.end,
        }
        for each in placements
    ]
    await session.execute(_PRESENT, rows[-1])
    await session.execute(_FORGET, {"serial": serial})
    if rows[:-1]:
        await session.execute(_WRITE, rows[:-1])
