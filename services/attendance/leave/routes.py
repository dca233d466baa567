"""Leave and official duty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.dependencies import ContextDep, Input, PlainText, WorkDate, must_exist
from services.attendance.leave.decisions import Decision, put_excuse
from services.attendance.leave.queries import read_decisions, read_excuses
from services.attendance.leave.rules.excuse import ExcuseKind, ExcuseState, Half
from services.attendance.leave.tables import Excuse
from shared.access.auth import Principal, requires
from shared.contracts.base import Code
from shared.errors.errors import NotFoundError
from shared.errors.problem_types import CONFLICT, NOT_FOUND
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/excuses", tags=["excuses"])

_WriterDep = Annotated[Principal, requires("excuses:write")]


class ExcuseIn(Input):
    """The present state of a leave or duty. `reference` is a letter's number, `reason` an explanation; neither is a diagnosis.

    Requested becomes approved or rejected, approved becomes revoked; rejected and revoked need a reason and are final.
    `decided_by`: the employee_id of the officer who decided.
    """

    employee_id: UUID
    code: Code
    """The code, such as CUTI_TAHUNAN, CUTI_SAKIT, IZIN, DINAS_LUAR or TUGAS_BELAJAR."""
    kind: ExcuseKind
    """`leave` removes the day from the totals, `duty` counts as worked. It must match the code."""
    first_date: WorkDate
    last_date: WorkDate
    half: Half = Half.NONE
    """Which half of the day it covers; `none`: the whole day."""
    state: ExcuseState
    """The decision. Only an approved leave or duty has an effect."""
    reference: PlainText | None = None
    """The number of the letter: 1 to 500 characters."""
    reason: PlainText | None = None
    """The explanation, required for `rejected` and `revoked`. Never a diagnosis."""
    decided_by: UUID | None = None
    """The officer who decided; null if not recorded."""


class ExcuseItem(Answer, from_attributes=True):
    """A leave or duty and its state."""

    excuse_id: UUID
    employee_id: UUID
    code: str
    """The code, such as CUTI_TAHUNAN."""
    kind: str
    """`leave` or `duty`."""
    first_date: date
    last_date: date
    half: str
    """`none` (the whole day), `morning` or `afternoon`."""
    state: str
    """`requested`, `approved`, `rejected` or `revoked`."""
    reference: str | None
    """The number of the letter; null if there is none."""
    reason: str | None
    """The explanation; null if there is none."""
    decided_by: UUID | None
    """The officer who decided; null if not recorded."""
    decided_at: datetime
    """When the present state was recorded."""


class DecisionItem(Answer, from_attributes=True):
    """One decision on an excuse. `recorded_by`: the name of the API key; null if unknown."""

    state: str
    """`requested`, `approved`, `rejected` or `revoked`."""
    code: str
    """The code, such as CUTI_TAHUNAN."""
    first_date: date
    last_date: date
    half: str
    """`none` (the whole day), `morning` or `afternoon`."""
    reference: str | None
    """The number of the letter; null if there is none."""
    reason: str | None
    """The explanation; null if there is none."""
    decided_by: UUID | None
    """The officer who decided; null if not recorded."""
    recorded_by: str | None
    """The name of the API key that recorded it."""
    recorded_at: datetime
    """When it was recorded."""


@router.get("", responses=refuses(NOT_FOUND))
async def list_excuses(context: ContextDep, _: _WriterDep, employee_id: Annotated[UUID, Query()]) -> list[ExcuseItem]:
    """An officer's leave and duty, newest first."""

    async def read(session: AsyncSession) -> Sequence[Excuse]:
        await must_exist(session, "employee_id", employee_id)
        return await read_excuses(session, employee_id)

    return [ExcuseItem.model_validate(excuse) for excuse in await context.transact(read)]


@router.get("/{excuse_id}/decisions", responses=refuses(NOT_FOUND))
async def list_decisions(context: ContextDep, _: _WriterDep, excuse_id: UUID) -> list[DecisionItem]:
    """All decisions on a leave or duty, oldest first."""
    decisions = await context.transact(lambda s: read_decisions(s, excuse_id))
    if not decisions:
        raise NotFoundError("There is no leave or duty with this excuse_id. List those of the officer.")
    return [DecisionItem.model_validate(decision) for decision in decisions]


@router.put("/{excuse_id}", status_code=204, responses=refuses(NOT_FOUND, CONFLICT))
async def keep_excuse(context: ContextDep, principal: _WriterDep, excuse_id: UUID, new: ExcuseIn) -> None:
    """Stores a decision and computes the days again that it covers or covered before. A repeated request changes nothing.

    A decision that cannot follow the last one is refused (409): an approval after a rejection needs a new request with a
    new id.
    """
    decision = Decision(excuse_id=excuse_id, **new.model_dump())

    async def work(change: Change) -> None:
        await must_exist(change.session, "employee_id", new.employee_id)
        await must_exist(change.session, "employee_id", new.decided_by)
        await put_excuse(change, decision, principal.name)

    await context.change(work)
