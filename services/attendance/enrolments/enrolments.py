"""Which officer has a PIN on which machine, and between which dates. A change also reassigns earlier punches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_for_moments
from services.attendance.dependencies import NO_MACHINE
from services.attendance.enrolments.tables import Enrolment
from shared.db.queries import query
from shared.errors.errors import InvalidError, NotFoundError

__all__ = ["enrol", "holder", "reassign_leavers", "unenrol"]


def holder(serial: str, pin: str, day: str) -> str:
    """SQL for the officer who has a PIN on a machine on a date (arguments are SQL); null when nobody has it.

    An officer who left has no PIN. The PIN stays valid on the date after the last day, for the end of a last night shift.
    """
    return f"""(select case when coalesce(n.valid_to, 'infinity') >= {day} and coalesce(o.active_to + 1, 'infinity') >= {day}
                            then n.employee_id end
                from enrolment n join employee o on o.employee_id = n.employee_id
                where n.serial = {serial} and n.pin = {pin} and n.valid_from <= {day} order by n.valid_from desc limit 1)"""


class ReassignedPunch(NamedTuple):
    """A punch whose officer changed; None for nobody."""

    at: datetime
    before: UUID | None
    after: UUID | None


# A transaction that stores punches of a machine also locks this row.
LOCK_MACHINE = text("select 1 from machine where serial = :serial for no key update")
PUT_ENROLMENT = text(
    """
    insert into enrolment (serial, pin, valid_from, valid_to, employee_id)
    values (:serial, :pin, :valid_from, :valid_to, :employee_id)
    on conflict (serial, pin, valid_from) do update set employee_id = excluded.employee_id, valid_to = excluded.valid_to
    """
)
# An enrolment affects the punches up to the next one; other punches keep their officer.
REASSIGN_PUNCHES = query(
    f"""
    with found as (
        select p.id, p.employee_id as before, {holder("p.serial", "p.pin", "p.local_time::date")} as after
        from punch p
        where p.serial = :serial and p.pin = :pin and p.local_time >= cast(:valid_from as date)
          and p.local_time < coalesce(
              (select min(valid_from) from enrolment
               where serial = :serial and pin = :pin and valid_from > cast(:valid_from as date)), date 'infinity')
    )
    update punch p set employee_id = found.after from found
    where p.id = found.id and found.before is distinct from found.after
    returning p.at, found.before, found.after
    """,
    ReassignedPunch,
)
LOCK_MACHINES_OF_OFFICERS = text(
    "select 1 from machine where serial in (select serial from enrolment where employee_id = any(cast(:employees as uuid[])))"
    " order by serial for no key update"
)
REASSIGN_PUNCHES_OF_OFFICERS = query(
    f"""
    with pins as (
        select distinct serial, pin from enrolment where employee_id = any(cast(:employees as uuid[]))
    ), found as (
        select p.id, p.employee_id as before, {holder("p.serial", "p.pin", "p.local_time::date")} as after
        from pins join punch p using (serial, pin) where p.local_time >= cast(:since as date)
    )
    update punch p set employee_id = found.after from found
    where p.id = found.id and found.before is distinct from found.after
    returning p.at, found.before, found.after
    """,
    ReassignedPunch,
)


async def enrol(change: Change, enrolment: Enrolment) -> None:
    """Stores an enrolment; the machine's punches with this PIN since then become the officer's.

    Without `valid_to` it ends at the next enrolment of the PIN; later punches belong to nobody.
    Raises InvalidError and NotFoundError.
    """
    if enrolment.valid_to is not None and enrolment.valid_to < enrolment.valid_from:
        raise InvalidError("`valid_to` is before `valid_from`. To remove an enrolment, use DELETE.")
    await _lock(change.session, enrolment.serial)
    await change.session.execute(PUT_ENROLMENT, enrolment.model_dump())
    await _reassign(change, enrolment)


async def unenrol(change: Change, serial: str, pin: str, valid_from: date) -> None:
    """Removes an enrolment: its punches belong to the previous enrolment, or to nobody. Raises NotFoundError."""
    await _lock(change.session, serial)
    enrolment = await change.session.get(Enrolment, (serial, pin, valid_from))
    if enrolment is None:
        raise NotFoundError("There is no enrolment of this PIN from this date on. List the machine's enrolments.")
    await change.session.delete(enrolment)
    await change.session.flush()
    await _reassign(change, enrolment)


async def reassign_leavers(change: Change, employees: Sequence[UUID], since: date) -> None:
    """Reassigns the punches of these officers' PINs since a date, after their last day has changed."""
    values = {"employees": list(employees), "since": since}
    await change.session.execute(LOCK_MACHINES_OF_OFFICERS, {"employees": list(employees)})
    punches = await REASSIGN_PUNCHES_OF_OFFICERS.all(change.session, values)
    await enqueue_for_moments(change, _officers_of(punches), bulk=True)


async def _lock(session: AsyncSession, serial: str) -> None:
    if (await session.execute(LOCK_MACHINE, {"serial": serial})).first() is None:
        raise NotFoundError(NO_MACHINE)


async def _reassign(change: Change, enrolment: Enrolment) -> None:
    values = {"serial": enrolment.serial, "pin": enrolment.pin, "valid_from": enrolment.valid_from}
    await enqueue_for_moments(change, _officers_of(await REASSIGN_PUNCHES.all(change.session, values)))


def _officers_of(punches: Sequence[ReassignedPunch]) -> list[tuple[UUID | None, datetime]]:
    """The former and the new officer of each punch, with its moment."""
    return [(who, punch.at) for punch in punches for who in (punch.before, punch.after)]
