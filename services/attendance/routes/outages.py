"""Outages of machines and sites."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.outages import DeclaredOutage, put_outage
from services.attendance.routes.common import (
    BULK_SECONDS,
    ContextDep,
    Input,
    Moment,
    OperatorDep,
    PlainText,
    UnitId,
    must_exist,
    read_rows,
)
from shared.contracts.base import Identifier

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/outages", tags=["outages"])

_LIST = text(
    "select outage_id, serial, org_unit_id, starts_at, ends_at, reason from outage"
    " order by starts_at desc, outage_id limit 1000"
)


class OutageIn(Input):
    """When one machine (`serial`) or a whole unit's site could not take punches."""

    serial: Identifier | None = None
    org_unit_id: UnitId | None = None
    starts_at: Moment
    ends_at: Moment
    reason: PlainText


class OutageItem(BaseModel):
    """An outage as declared."""

    outage_id: UUID
    serial: str | None
    org_unit_id: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str


@router.get("")
async def list_outages(context: ContextDep, _: OperatorDep) -> list[OutageItem]:
    """The outages, the latest first."""
    return [OutageItem(**row) for row in await read_rows(context, _LIST)]


@router.put("/{outage_id}", status_code=204)
async def keep_outage(context: ContextDep, _: OperatorDep, outage_id: UUID, new: OutageIn) -> None:
    """Keeps an outage; in it nobody is absent for want of a punch, unless another machine of the site worked."""
    outage = DeclaredOutage(outage_id=outage_id, **new.model_dump())

    async def work(session: AsyncSession) -> None:
        await must_exist(session, "serial", new.serial)
        await must_exist(session, "org_unit_id", new.org_unit_id)
        await put_outage(session, outage, context.zone)

    await context.transact(work, seconds=BULK_SECONDS)
