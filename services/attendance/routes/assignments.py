"""An officer's unit and employment type by date: stated from a date on, also a past one, and taken back."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.assignments import EMPLOYMENT_TYPE, UNIT, drop_step, put_step, read_steps
from services.attendance.routes.common import (
    BULK_SECONDS,
    ContextDep,
    Input,
    OperatorDep,
    UnitId,
    WorkDate,
    must_exist,
)
from shared.contracts.employee import EmploymentType

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/employees/{employee_id}", tags=["officers"])


class UnitIn(Input):
    """The unit from the date of the address on, until the next one that is stated."""

    org_unit_id: UnitId


class TypeIn(Input):
    """The employment type from the date of the address on, until the next one that is stated."""

    employment_type: EmploymentType


class UnitItem(BaseModel):
    """A unit from a date on; the first one holds for the dates before it, too."""

    effective_from: date
    org_unit_id: str


class TypeItem(BaseModel):
    """An employment type from a date on; the first one holds for the dates before it, too."""

    effective_from: date
    employment_type: str


@router.get("/units")
async def list_units_of_officer(context: ContextDep, _: OperatorDep, employee_id: UUID) -> list[UnitItem]:
    """The officer's units, the first one first."""

    async def read(session: AsyncSession) -> list[UnitItem]:
        await must_exist(session, "employee_id", employee_id)
        steps = (await read_steps(session, UNIT, [employee_id]))[employee_id]
        return [UnitItem(effective_from=since, org_unit_id=unit) for since, unit in steps]

    return await context.transact(read)


@router.put("/units/{effective_from}", status_code=204)
async def state_unit(
    context: ContextDep, _: OperatorDep, employee_id: UUID, effective_from: WorkDate, new: UnitIn
) -> None:
    """States the officer's unit from a date on; days on which it is another one are computed again, past ones too."""

    async def work(session: AsyncSession) -> None:
        await must_exist(session, "org_unit_id", new.org_unit_id)
        await put_step(context, session, UNIT, employee_id, (effective_from, new.org_unit_id))

    await context.transact(work, seconds=BULK_SECONDS)


@router.delete("/units/{effective_from}", status_code=204)
async def take_unit_back(context: ContextDep, _: OperatorDep, employee_id: UUID, effective_from: WorkDate) -> None:
    """Takes a transfer back: the officer stayed in the unit of before."""
    await context.transact(lambda s: drop_step(context, s, UNIT, employee_id, effective_from), seconds=BULK_SECONDS)


@router.get("/employment-types")
async def list_types_of_officer(context: ContextDep, _: OperatorDep, employee_id: UUID) -> list[TypeItem]:
    """The officer's employment types, the first one first."""

    async def read(session: AsyncSession) -> list[TypeItem]:
        await must_exist(session, "employee_id", employee_id)
        steps = (await read_steps(session, EMPLOYMENT_TYPE, [employee_id]))[employee_id]
        return [TypeItem(effective_from=since, employment_type=kind) for since, kind in steps]

    return await context.transact(read)


@router.put("/employment-types/{effective_from}", status_code=204)
async def state_type(
    context: ContextDep, _: OperatorDep, employee_id: UUID, effective_from: WorkDate, new: TypeIn
) -> None:
    """States the officer's employment type from a date on; days of another one are computed again, past ones too."""

    async def work(session: AsyncSession) -> None:
        await put_step(context, session, EMPLOYMENT_TYPE, employee_id, (effective_from, new.employment_type))

    await context.transact(work, seconds=BULK_SECONDS)


@router.delete("/employment-types/{effective_from}", status_code=204)
async def take_type_back(context: ContextDep, _: OperatorDep, employee_id: UUID, effective_from: WorkDate) -> None:
    """Takes a change of employment type back."""
    await context.transact(
        lambda s: drop_step(context, s, EMPLOYMENT_TYPE, employee_id, effective_from), seconds=BULK_SECONDS
    )
