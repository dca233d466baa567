"""The canary's side of the roster: its officer, its machine, its shift, and the end of its old punches."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.machines import MachineSetup, enrol, register
from services.attendance.publish import publish_employees
from services.attendance.schedules import Shift, put_shift
from shared.context import Context
from shared.contracts.canary import (
    CANARY_EMPLOYEE_ID,
    CANARY_NIP,
    CANARY_PIN,
    CANARY_SERIAL,
    CANARY_UNIT_ID,
    PUNCH_DAYS_BACK,
    arrival_of,
)
from shared.contracts.employee import EmploymentType

__all__ = ["Canary"]

KEPT_DAYS = 7
"""A year of the canary would otherwise be half a million punches."""
NAME = "Canary (no person)"
EMPLOYMENT_TYPE: EmploymentType = "PPPK_PART_TIME"
"""The city's week is not theirs, so that all but the days with a shift are off."""

_DAY = timedelta(days=1)
_MAKE = text(
    f"""
    with unit as (
        insert into org_unit (org_unit_id, name) values ('{CANARY_UNIT_ID}', :name) on conflict do nothing
    )
    insert into employee (employee_id, revision, nip, name, employment_type, org_unit_id, active_from, unit_from, recorded_at)
    values ('{CANARY_EMPLOYEE_ID}', 1, '{CANARY_NIP}', :name, '{EMPLOYMENT_TYPE}', '{CANARY_UNIT_ID}', :first, :first, :now)
    on conflict do nothing returning 1
    """
)
# Shift after arrival, never before: a date with a shift and without a punch would be an absence.
_ARRIVED = text(
    f"""
    select 1 from punch p where serial = '{CANARY_SERIAL}' and local_time = :arrival
    and not exists (select from roster_shift r where r.employee_id = '{CANARY_EMPLOYEE_ID}' and r.work_date = :work_date)
    """
)
# With its punches a date loses its shift: computed again, it is a day off and not an absence.
_FORGET = text(
    f"""
    with shift as (
        delete from roster_shift where employee_id = '{CANARY_EMPLOYEE_ID}' and work_date < cast(:before as date)
    ), gone as (
        delete from punch where serial = '{CANARY_SERIAL}' and local_time < cast(:before as date) returning upload_id
    )
    delete from upload where id in (select upload_id from gone)
    """
)


class Canary:
    """Keeps the canary on the roster; `kinerja canary` is the machine that punches for it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._forgotten_on: date | None = None

    async def round(self) -> bool:
        """Makes what is missing; once a day forgets what is old."""
        now = self._context.clock.now()
        today = now.astimezone(self._context.zone).date()
        work_date = today - PUNCH_DAYS_BACK * _DAY
        async with self._context.database.transaction() as session:
            made = await session.execute(_MAKE, {"name": NAME, "first": work_date, "now": now})
            if made.first() is not None:
                await self._settle_in(session, work_date, now)
            values = {"arrival": arrival_of(work_date), "work_date": work_date}
            if (await session.execute(_ARRIVED, values)).first() is not None:
                starts = arrival_of(work_date).replace(second=0)
                await put_shift(session, Shift(CANARY_EMPLOYEE_ID, work_date, starts, starts + _DAY))
            if self._forgotten_on != today:
                await session.execute(_FORGET, {"before": work_date - KEPT_DAYS * _DAY})
        self._forgotten_on = today
        return False

    async def _settle_in(self, session: AsyncSession, first: date, now: datetime) -> None:
        context = self._context
        setup = MachineSetup(CANARY_SERIAL, NAME, context.settings.timezone, "shift", CANARY_UNIT_ID)
        await register(session, setup, now, context.zone)
        await enrol(session, CANARY_SERIAL, CANARY_PIN, first, CANARY_EMPLOYEE_ID, context.zone)
        await publish_employees(context, session, [CANARY_EMPLOYEE_ID])
