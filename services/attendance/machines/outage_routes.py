"""Outages of machines and sites."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from services.attendance.day_queue.change import Change
from services.attendance.dependencies import (
    BULK_SECONDS,
    ContextDep,
    Input,
    Moment,
    OperatorDep,
    PlainText,
    UnitId,
    must_exist,
)
from services.attendance.machines.outages import put_outage, read_outages
from services.attendance.machines.tables import Outage
from shared.contracts.base import Identifier
from shared.errors.problem_types import NOT_FOUND
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/outages", tags=["outages"])


class OutageIn(Input):
    """When one machine (`serial`) or a whole unit's site could not take punches."""

    serial: Identifier | None = None
    """The machine. Set either this or `org_unit_id`."""
    org_unit_id: UnitId | None = None
    """The unit whose machines all failed."""
    starts_at: Moment
    """The start."""
    ends_at: Moment
    """The end, after the start."""
    reason: PlainText
    """What happened: 1 to 500 characters."""


class OutageItem(Answer):
    """A declared outage."""

    outage_id: UUID
    serial: str | None
    """The machine; null for a whole unit's outage."""
    org_unit_id: str | None
    """The unit; null for one machine's outage."""
    starts_at: datetime
    """The start."""
    ends_at: datetime
    """The end."""
    reason: str
    """What happened."""


@router.get("")
async def list_outages(context: ContextDep, _: OperatorDep) -> list[OutageItem]:
    """The outages, newest first."""
    return [OutageItem(**row.model_dump()) for row in await context.transact(read_outages)]


@router.put("/{outage_id}", status_code=204, responses=refuses(NOT_FOUND))
async def keep_outage(context: ContextDep, _: OperatorDep, outage_id: UUID, new: OutageIn) -> None:
    """Stores an outage. A missing punch in it causes no absence, unless another machine of the site worked."""
    outage = Outage(outage_id=outage_id, **new.model_dump())

    async def work(change: Change) -> None:
        await must_exist(change.session, "serial", new.serial)
        await must_exist(change.session, "org_unit_id", new.org_unit_id)
        await put_outage(change, outage)

    await context.change(work, seconds=BULK_SECONDS)
