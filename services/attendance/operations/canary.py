"""The canary's data in attendance: its officer, machine and shift, and the deletion of its old punches."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text

from services.attendance.access.proof_settings import Secret, set_secret
from services.attendance.access.registration import register
from services.attendance.context import AttendanceContext
from services.attendance.day_queue.change import Change
from services.attendance.enrolments.enrolments import enrol
from services.attendance.enrolments.tables import Enrolment
from services.attendance.machines.registry import MachineSetup
from services.attendance.machines.rules.placements import PlacementRequest
from services.attendance.machines.tables import Machine
from services.attendance.people.records import publish_employees
from services.attendance.shifts.entries import put_shift
from services.attendance.shifts.rules.entry import Shift
from shared.contracts.events.canary import (
    CANARY_EMPLOYEE_ID,
    CANARY_NIP,
    CANARY_PIN,
    CANARY_UNIT_ID,
    PUNCH_DAYS_BACK,
    CanaryMachine,
    arrival_of,
)
from shared.contracts.events.employee import EmploymentType

__all__ = ["Canary"]

KEPT_DAYS = 7
"""Without a limit, the canary would produce half a million punches a year."""
NAME = "Canary (no person)"
EMPLOYMENT_TYPE: EmploymentType = "PPPK_PART_TIME"
"""The city's week does not apply to this type, so that all days without a shift are off."""

_DAY = timedelta(days=1)
_INSERT_OFFICER = text(
    f"""
    with unit as (
        insert into org_unit (org_unit_id, name) values ('{CANARY_UNIT_ID}', :name) on conflict do nothing
    ), officer as (
        insert into employee (employee_id, revision, nip, name, employment_type, org_unit_id, active_from, recorded_at)
        values ('{CANARY_EMPLOYEE_ID}', 1, '{CANARY_NIP}', :name, '{EMPLOYMENT_TYPE}', '{CANARY_UNIT_ID}', :first, :now)
        on conflict do nothing returning employee_id, active_from, org_unit_id, employment_type
    ), unit_step as (
        insert into employee_unit (employee_id, effective_from, org_unit_id)
        select employee_id, active_from, org_unit_id from officer
    )
    insert into employee_type (employee_id, effective_from, employment_type)
    select employee_id, active_from, employment_type from officer returning 1
    """
)
_END_SERVICE_OF_FORMER_MACHINE = text(
    f"""
    update machine set in_service_to = cast(:now as timestamptz)
    where org_unit_id = '{CANARY_UNIT_ID}' and in_service_to is null
    """
)
# Create the shift only after the arrival: a date with a shift and without a punch would be an absence.
_ARRIVED_WITHOUT_SHIFT = text(
    f"""
    select 1 from punch p where serial = :serial and local_time = :arrival
    and not exists (select from roster_shift r where r.employee_id = '{CANARY_EMPLOYEE_ID}' and r.work_date = :work_date)
    """
)
# Delete the shift together with its punches: the date is then a day off and not an absence.
_DELETE_OLD_DATA = text(
    f"""
    with shift as (
        delete from roster_shift where employee_id = '{CANARY_EMPLOYEE_ID}' and work_date < cast(:before as date)
    ), gone as (
        delete from punch where serial = :serial and local_time < cast(:before as date) returning upload_id
    )
    delete from upload where id in (select upload_id from gone)
    """
)


class Canary:
    """Keeps the canary's data in the database; `kinerja canary` is the machine that punches for it."""

    def __init__(self, context: AttendanceContext, key: str) -> None:
        self._context = context
        self._machine = CanaryMachine.of(key)
        self._deleted_on: date | None = None

    async def round(self) -> bool:
        """Creates what is missing; deletes old data once a day."""
        async with self._context.changing() as change:
            session, work_date = change.session, change.today - PUNCH_DAYS_BACK * _DAY
            made = await session.execute(_INSERT_OFFICER, {"name": NAME, "first": work_date, "now": change.now})
            if made.first() is not None:
                await publish_employees(self._context, session, [CANARY_EMPLOYEE_ID])
            if await session.get(Machine, self._machine.serial) is None:
                await self._register_machine(change, work_date)
            values = {"serial": self._machine.serial, "arrival": arrival_of(work_date), "work_date": work_date}
            if (await session.execute(_ARRIVED_WITHOUT_SHIFT, values)).first() is not None:
                starts = arrival_of(work_date).replace(second=0)
                await put_shift(change, Shift(CANARY_EMPLOYEE_ID, work_date, starts, starts + _DAY))
            if self._deleted_on != change.today:
                before = work_date - KEPT_DAYS * _DAY
                await session.execute(_DELETE_OLD_DATA, {"serial": self._machine.serial, "before": before})
        self._deleted_on = change.today
        return False

    async def _register_machine(self, change: Change, first: date) -> None:
        """Registers the machine and retires a previous machine that has another key."""
        context, serial = self._context, self._machine.serial
        await change.session.execute(_END_SERVICE_OF_FORMER_MACHINE, {"now": change.now})
        setup = MachineSetup(serial, NAME, context.settings.timezone, PlacementRequest(CANARY_UNIT_ID, "shift"))
        await register(change, setup)
        await set_secret(change.session, serial, Secret("comm_key", self._machine.comm_key), change.now)
        enrolment = Enrolment(serial=serial, pin=CANARY_PIN, valid_from=first, employee_id=CANARY_EMPLOYEE_ID)
        await enrol(change, enrolment)
