"""Raises this service's revisions above a wrong one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.people.records import read_employees
from shared.contracts.events.employee import EmployeeRecord
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE, Topic
from shared.operations.above import Lift, Move, json_lift

__all__ = ["LIFTS"]

_EMPLOYEE = text("select revision from employee where employee_id = :employee_id for no key update")
_MOVE_EMPLOYEE = text("update employee set revision = :revision where employee_id = :employee_id")


async def _lift_employee(session: AsyncSession, values: Mapping[str, Any], move: Move) -> Sequence[EmployeeRecord]:
    present = (await session.execute(_EMPLOYEE, dict(values))).scalar()
    if present is None:
        return []
    await session.execute(_MOVE_EMPLOYEE, {**values, "revision": move(present)})
    return await read_employees(session, [values["employee_id"]])


LIFTS: dict[Topic[Any], Lift] = {
    EMPLOYEE: _lift_employee,
    ATTENDANCE_DAY: json_lift(
        ATTENDANCE_DAY,
        "select record from attendance_day where employee_id = :employee_id and work_date = :work_date for update",
        "update attendance_day set revision = :revision, record = :record"
        " where employee_id = :employee_id and work_date = :work_date",
        lock="select 1 from employee where employee_id = :employee_id and cast(:work_date as date) is not null"
        " for no key update",  # as the day worker does
    ),
}
