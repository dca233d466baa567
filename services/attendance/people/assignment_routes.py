"""An officer's unit and employment type by date: set from a date on (also a past date), and removed."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.context import AttendanceContext
from services.attendance.day_queue.change import Change
from services.attendance.dependencies import BULK_SECONDS, ContextDep, Input, OperatorDep, UnitId, WorkDate, must_exist
from services.attendance.people.assignments import EMPLOYMENT_TYPE, UNIT, Attribute, drop_step, put_step, read_steps
from services.attendance.people.rules.history import Step
from shared.contracts.events.employee import EmploymentType
from shared.errors.problem_types import CONFLICT, NOT_FOUND
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/employees/{employee_id}", tags=["officers"])


class UnitIn(Input):
    """The unit from the date in the URL on, until the next value."""

    org_unit_id: UnitId
    """The unit."""


class TypeIn(Input):
    """The employment type from the date in the URL on, until the next value."""

    employment_type: EmploymentType
    """Civil servant (PNS), contract (PPPK) or part-time contract (PPPK_PART_TIME)."""


class UnitItem(Answer):
    """A unit from a date on; the first one also applies to earlier dates."""

    effective_from: date
    """The first date in this unit."""
    org_unit_id: str


class TypeItem(Answer):
    """An employment type from a date on; the first one also applies to earlier dates."""

    effective_from: date
    """The first date with this employment type."""
    employment_type: str
    """PNS, PPPK or PPPK_PART_TIME."""


@router.get("/units", responses=refuses(NOT_FOUND))
async def list_units_of_officer(context: ContextDep, _: OperatorDep, employee_id: UUID) -> list[UnitItem]:
    """The officer's units, oldest first."""
    steps = await _steps(context, UNIT, employee_id)
    return [UnitItem(effective_from=since, org_unit_id=unit) for since, unit in steps]


@router.put("/units/{effective_from}", status_code=204, responses=refuses(NOT_FOUND))
async def state_unit(
    context: ContextDep, _: OperatorDep, employee_id: UUID, effective_from: WorkDate, new: UnitIn
) -> None:
    """Sets the officer's unit from a date on. Affected days are computed again, also past ones."""

    async def work(change: Change) -> None:
        await must_exist(change.session, "org_unit_id", new.org_unit_id)
        await put_step(context, change, UNIT, employee_id, (effective_from, new.org_unit_id))

    await context.change(work, seconds=BULK_SECONDS)


@router.delete("/units/{effective_from}", status_code=204, responses=refuses(NOT_FOUND, CONFLICT))
async def take_unit_back(context: ContextDep, _: OperatorDep, employee_id: UUID, effective_from: WorkDate) -> None:
    """Removes a transfer: the officer stays in the previous unit."""
    await context.change(
        lambda change: drop_step(context, change, UNIT, employee_id, effective_from), seconds=BULK_SECONDS
    )


@router.get("/employment-types", responses=refuses(NOT_FOUND))
async def list_types_of_officer(context: ContextDep, _: OperatorDep, employee_id: UUID) -> list[TypeItem]:
    """The officer's employment types, oldest first."""
    steps = await _steps(context, EMPLOYMENT_TYPE, employee_id)
    return [TypeItem(effective_from=since, employment_type=kind) for since, kind in steps]


@router.put("/employment-types/{effective_from}", status_code=204, responses=refuses(NOT_FOUND))
async def state_type(
    context: ContextDep, _: OperatorDep, employee_id: UUID, effective_from: WorkDate, new: TypeIn
) -> None:
    """Sets the officer's employment type from a date on. Affected days are computed again, also past ones."""

    async def work(change: Change) -> None:
        await put_step(context, change, EMPLOYMENT_TYPE, employee_id, (effective_from, new.employment_type))

    await context.change(work, seconds=BULK_SECONDS)


@router.delete("/employment-types/{effective_from}", status_code=204, responses=refuses(NOT_FOUND, CONFLICT))
async def take_type_back(context: ContextDep, _: OperatorDep, employee_id: UUID, effective_from: WorkDate) -> None:
    """Removes a change of employment type."""
    await context.change(
        lambda change: drop_step(context, change, EMPLOYMENT_TYPE, employee_id, effective_from), seconds=BULK_SECONDS
    )


async def _steps(context: AttendanceContext, attribute: Attribute, employee_id: UUID) -> list[Step[str]]:
    """The officer's values, oldest first. Raises NotFoundError."""

    async def read(session: AsyncSession) -> list[Step[str]]:
        await must_exist(session, "employee_id", employee_id)
        return (await read_steps(session, attribute, [employee_id]))[employee_id]

    return await context.transact(read)
