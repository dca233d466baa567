"""Leave and official duty."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.domain.day_inputs import ExcuseKind, ExcuseState, Half
from services.attendance.excuses import Decision, put_excuse
from services.attendance.routes.common import ContextDep, Input, PlainText, WorkDate, must_exist, read_rows
from shared.auth import Principal, requires
from shared.contracts.base import Code

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/excuses", tags=["excuses"])

_WriterDep = Annotated[Principal, requires("excuses:write")]

_LIST = text(
    "select excuse_id, employee_id, code, kind, first_date, last_date, half, state, reference, decided_at from excuse"
    " where employee_id = :employee_id order by first_date desc, excuse_id limit 1000"
)


class ExcuseIn(Input):
    """A leave or duty as decided now. `reference` is a letter's number, never a diagnosis."""

    employee_id: UUID
    code: Code
    kind: ExcuseKind
    first_date: WorkDate
    last_date: WorkDate
    half: Half = Half.NONE
    state: ExcuseState
    reference: PlainText | None = None


class ExcuseItem(BaseModel):
    """A leave or duty and its state."""

    excuse_id: UUID
    employee_id: UUID
    code: str
    kind: str
    first_date: date
    last_date: date
    half: str
    state: str
    reference: str | None
    decided_at: datetime


@router.get("")
async def list_excuses(context: ContextDep, _: _WriterDep, employee_id: Annotated[UUID, Query()]) -> list[ExcuseItem]:
    """An officer's leave and duty, the latest first."""
    await context.transact(lambda s: must_exist(s, "employee_id", employee_id))
    return [ExcuseItem(**row) for row in await read_rows(context, _LIST, {"employee_id": employee_id})]


@router.put("/{excuse_id}", status_code=204)
async def keep_excuse(context: ContextDep, _: _WriterDep, excuse_id: UUID, new: ExcuseIn) -> None:
    """Keeps a decision and computes the days that it covers, or covered before, again."""
    decision = Decision(excuse_id=excuse_id, **new.model_dump())

    async def work(session: AsyncSession) -> None:
        await must_exist(session, "employee_id", new.employee_id)
        await put_excuse(session, decision, context.clock.now())

    await context.transact(work)
