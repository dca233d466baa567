"""Notices as JSON: list, decide, inbox."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.notices import acknowledge, decide, republish
from shared.auth import Principal, requires
from shared.context import Context
from shared.contracts.base import Code
from shared.contracts.notice import NoticeKind, NoticeState
from shared.errors import ForbiddenError, NotFoundError
from shared.http import context_of
from shared.paging import After, Limit, Page, cursor_of, read_id_cursor

__all__ = ["router"]

router = APIRouter(prefix="/notices/v1", tags=["notices"])

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]
DeciderDep = Annotated[Principal, requires("notices:release")]


class NoticeItem(BaseModel):
    """A notice without its words."""

    notice_id: UUID
    kind: str
    employee_id: UUID
    recipient_id: UUID
    semester: str | None
    indicator: str | None
    period: str
    state: str
    reasons: list[str]
    subject: str
    created_at: datetime


class NoticeWhole(NoticeItem):
    """A notice with its words and evidence."""

    revision: int
    body: str
    evidence: dict[str, Any]
    decided_by: str | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    object_until: datetime | None


class Reason(BaseModel):
    """Why a notice is withheld."""

    model_config = ConfigDict(extra="forbid")

    reason_code: Code


class Republished(BaseModel):
    """How many records went into the outbox again."""

    records: int


_LIST = text(
    """
    select n.* from notice n left join employee e using (employee_id)
    where notice_id > :after and (cast(:state as text) is null or state = :state)
      and (cast(:kind as text) is null or kind = :kind)
      and (cast(:employee as uuid) is null or employee_id = :employee)
      and (cast(:superior as uuid) is null or e.superior_id = :superior)
    order by notice_id limit :most
    """
)
_ONE = text(
    """
    select n.* from notice n left join employee e using (employee_id)
    where notice_id = :id and (cast(:superior as uuid) is null or e.superior_id = :superior)
    """
)
_INBOX = text(
    """
    select * from notice where recipient_id = :recipient and state in ('released', 'delivered', 'acknowledged')
    order by notice_id desc limit 200
    """
)


def whole(row: RowMapping) -> NoticeWhole:
    """A row as JSON shows it."""
    values = {name: row[name] for name in NoticeWhole.model_fields if name in row}
    return NoticeWhole(
        **values
        | {
            "indicator": row["indicator"] or None,
            "reasons": json.loads(row["reasons"]),
            "evidence": json.loads(row["evidence"]),
        }
    )


async def inbox_of(context: Context, recipient: UUID) -> list[NoticeWhole]:
    """What has been released to a recipient, newest first."""

    async def read(session: AsyncSession) -> list[Any]:
        return list((await session.execute(_INBOX, {"recipient": recipient})).mappings())

    return [whole(row) for row in await context.transact(read)]


def _superior(who: Principal) -> UUID | None:
    """Whose subordinates a key may read; None for the operator, who reads all."""
    if who.is_operator:
        return None
    if who.employee_id is None:
        raise ForbiddenError("This key belongs to no officer. Ask the operator for one with your employee_id.")
    return who.employee_id


@router.get("/notices")
async def list_notices(
    context: ContextDep,
    who: DeciderDep,
    state: NoticeState | None = None,
    kind: NoticeKind | None = None,
    employee_id: UUID | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[NoticeItem]:
    """Notices, oldest first: all of them for the operator, those of the own subordinates for a superior."""
    values = {
        "after": read_id_cursor(after),
        "state": state,
        "kind": kind,
        "employee": employee_id,
        "superior": _superior(who),
        "most": limit + 1,
    }

    async def read(session: AsyncSession) -> list[Any]:
        return list((await session.execute(_LIST, values)).mappings())

    rows = await context.transact(read)
    items = [NoticeItem(**whole(row).model_dump(include=set(NoticeItem.model_fields))) for row in rows[:limit]]
    return Page(items=items, next=cursor_of([items[-1].notice_id]) if len(rows) > limit else None)


@router.get("/notices/{notice_id}")
async def show_notice(context: ContextDep, who: DeciderDep, notice_id: UUID) -> NoticeWhole:
    """A notice with its words and evidence."""

    async def read(session: AsyncSession) -> Any:
        return (await session.execute(_ONE, {"id": notice_id, "superior": _superior(who)})).mappings().first()

    row = await context.transact(read)
    if row is None:
        raise NotFoundError("There is no such notice. List them with GET /notices/v1/notices.")
    return whole(row)


@router.post("/notices/{notice_id}/release")
async def release(context: ContextDep, who: DeciderDep, notice_id: UUID) -> NoticeWhole:
    """Lets a draft go out; it is delivered within seconds."""
    return whole(await context.transact(lambda s: decide(context, s, notice_id, "released", who)))


@router.post("/notices/{notice_id}/withhold")
async def withhold(context: ContextDep, who: DeciderDep, notice_id: UUID, why: Reason) -> NoticeWhole:
    """Keeps a draft back, with the reason."""
    return whole(await context.transact(lambda s: decide(context, s, notice_id, "withheld", who, why.reason_code)))


@router.post("/notices/{notice_id}/acknowledge")
async def acknowledge_notice(context: ContextDep, _: OperatorDep, request: Request, notice_id: UUID) -> NoticeWhole:
    """Records that a notice was handed over and read: the 14 days of the objection begin."""
    days = request.app.state.rules.objection_days
    return whole(await context.transact(lambda s: acknowledge(context, s, notice_id, days)))


@router.get("/inbox/{employee_id}")
async def read_inbox(context: ContextDep, _: OperatorDep, employee_id: UUID) -> list[NoticeWhole]:
    """What a recipient has received, newest first."""
    return await inbox_of(context, employee_id)


@router.post("/republish", status_code=202)
async def republish_notices(context: ContextDep, _: OperatorDep) -> Republished:
    """Publishes all notices again at their present revision, unchanged."""
    return Republished(records=await republish(context))
