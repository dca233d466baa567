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
from shared.errors import NotFoundError

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/excuses", tags=["excuses"])

_WriterDep = Annotated[Principal, requires("excuses:write")]

_LIST = text(
    "select excuse_id, employee_id, code, kind, first_date, last_date, half, state, reference, reason, decided_by,"
    " decided_at from excuse"
    " where employee_id = :employee_id order by first_date desc, excuse_id limit 1000"
)
_DECISIONS = text(
    "select state, code, first_date, last_date, half, reference, reason, decided_by, recorded_by, recorded_at"
    " from excuse_decision where excuse_id = :excuse_id order by position limit 1000"
)


class ExcuseIn(Input):
    """A leave or duty as decided now. `reference` is a letter's number, `reason` why; neither is ever a diagnosis.

    Requested becomes approved or rejected, approved becomes revoked; rejected and revoked need a reason and are final.
    `decided_by`: the officer who decided, by employee_id.
    """

    employee_id: UUID
    code: Code
    kind: ExcuseKind
    first_date: WorkDate
    last_date: WorkDate
    half: Half = Half.NONE
    state: ExcuseState
    reference: PlainText | None = None
    reason: PlainText | None = None
    decided_by: UUID | None = None


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
    reason: str | None
    decided_by: UUID | None
    decided_at: datetime


class DecisionItem(BaseModel):
    """A state that the excuse was given. `recorded_by`: the name of the key; null where that was not kept yet."""

    state: str
    code: str
    first_date: date
    last_date: date
    half: str
    reference: str | None
    reason: str | None
    decided_by: UUID | None
    recorded_by: str | None
    recorded_at: datetime


@router.get("")
async def list_excuses(context: ContextDep, _: _WriterDep, employee_id: Annotated[UUID, Query()]) -> list[ExcuseItem]:
    """An officer's leave and duty, the latest first."""
    await context.transact(lambda s: must_exist(s, "employee_id", employee_id))
    return [ExcuseItem(**row) for row in await read_rows(context, _LIST, {"employee_id": employee_id})]


@router.get("/{excuse_id}/decisions")
async def list_decisions(context: ContextDep, _: _WriterDep, excuse_id: UUID) -> list[DecisionItem]:
    """All that was decided on a leave or duty, the first one first."""
    rows = await read_rows(context, _DECISIONS, {"excuse_id": excuse_id})
    if not rows:
        raise NotFoundError("There is no leave or duty with this excuse_id. List those of the officer.")
    return [DecisionItem(**row) for row in rows]


@router.put("/{excuse_id}", status_code=204)
async def keep_excuse(context: ContextDep, principal: _WriterDep, excuse_id: UUID, new: ExcuseIn) -> None:
    """Keeps a decision and computes the days that it covers, or covered before, again; the same again does nothing.

    A decision that cannot follow the last one is refused (409): an approval after a rejection is on a new request, and
    has an id of its own.
    """
    decision = Decision(excuse_id=excuse_id, **new.model_dump())

    async def work(session: AsyncSession) -> None:
        await must_exist(session, "employee_id", new.employee_id)
        await must_exist(session, "employee_id", new.decided_by)
        await put_excuse(session, decision, principal.name, context.clock.now())

    await context.transact(work)
