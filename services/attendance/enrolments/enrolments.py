"""Which officer has a PIN on which machine, and between which dates. A change also reassigns earlier punches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_for_moments
from shared.errors.errors import InvalidError, NotFoundError

__all__ = ["enrol", "holder", "resolve_leavers", "unenrol"]


def holder(serial: str, pin: str, day: str) -> str:
    """SQL for the officer who has a PIN on a machine on a date (arguments are SQL); null when nobody has it.

    An officer who left has no PIN. The PIN stays valid on the date after the last day, for the end of a last night shift.
    """
    return f"""(select case when coalesce(n.valid_to, 'infinity') >= {day} and coalesce(o.active_to + 1, 'infinity') >= {day}
                            then n.employee_id end
                from enrolment n join employee o on o.employee_id = n.employee_id
                where n.serial = {serial} and n.pin = {pin} and n.valid_from <= {day} order by n.valid_from desc limit 1)"""


# A transaction that stores punches of a machine also holds this row lock.
_LOCK = text("select 1 from machine where serial = :serial for no key update")
_ENROL = text(
    """
    insert into enrolment (serial, pin, valid_from, valid_to, employee_id)
    values (:serial, :pin, :valid_from, :valid_to, :employee_id)
    on conflict (serial, pin, valid_from) do update set employee_id = excluded.employee_id, valid_to = excluded.valid_to
    """
)
_UNENROL = text(
    "delete from enrolment where serial = :serial and pin = :pin and valid_from = :valid_from returning employee_id"
)
# An enrolment affects the punches up to the next one; other punches keep their officer.
_RESOLVE = text(
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
    """
)
_LOCK_ALL = text(
    "select 1 from machine where serial in (select serial from enrolment where employee_id = any(cast(:employees as uuid[])))"
    " order by serial for no key update"
)
_RESOLVE_ALL = text(
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
    """
)


async def enrol(
    change: Change,
    serial: str,
    pin: str,
    valid_from: date,
    employee_id: UUID,
    valid_to: date | None = None,
) -> None:
    """Assigns the PIN on this machine to this officer from a local date on; its punches since then become theirs.

    `valid_to`: the last local date (None: until the next enrolment of the PIN); later punches belong to nobody.
    Raises InvalidError and NotFoundError.
    """
    if valid_to is not None and valid_to < valid_from:
        raise InvalidError("`valid_to` is before `valid_from`. To remove an enrolment, use DELETE.")
    await _lock(change.session, serial)
    values = {"serial": serial, "pin": pin, "valid_from": valid_from}
    await change.session.execute(_ENROL, values | {"employee_id": employee_id, "valid_to": valid_to})
    await _resolve(change, values)


async def unenrol(change: Change, serial: str, pin: str, valid_from: date) -> None:
    """Removes an enrolment: its punches belong to the previous enrolment, or to nobody. Raises NotFoundError."""
    await _lock(change.session, serial)
    values = {"serial": serial, "pin": pin, "valid_from": valid_from}
    if (await change.session.execute(_UNENROL, values)).first() is None:
        raise NotFoundError("There is no enrolment of this PIN from this date on. List the machine's enrolments.")
    await _resolve(change, values)


async def resolve_leavers(change: Change, employees: Sequence[UUID], since: date) -> None:
    """Reassigns the punches of these officers' PINs since a date, after their last day has changed."""
    await change.session.execute(_LOCK_ALL, {"employees": list(employees)})
    rows = (await change.session.execute(_RESOLVE_ALL, {"employees": list(employees), "since": since})).all()
    moments = [(who, row.at) for row in rows for who in (row.before, row.after)]
    await enqueue_for_moments(change, moments, bulk=True)


async def _lock(session: AsyncSession, serial: str) -> None:
    if (await session.execute(_LOCK, {"serial": serial})).first() is None:
        raise NotFoundError("There is no machine with this serial. Register it first.")


async def _resolve(change: Change, values: dict[str, Any]) -> None:
    rows = (await change.session.execute(_RESOLVE, values)).all()
    await enqueue_for_moments(change, [(who, row.at) for row in rows for who in (row.before, row.after)])
