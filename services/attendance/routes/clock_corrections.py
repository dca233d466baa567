"""Times in which the server's own clock was behind."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import text

from services.attendance.clock_corrections import ClockCorrection, put_clock_correction
from services.attendance.routes.common import (
    BULK_SECONDS,
    AnyMoment,
    ContextDep,
    Input,
    OperatorDep,
    PlainText,
    read_rows,
)

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/clock-corrections", tags=["clock corrections"])

SECONDS_MAX = 100 * 366 * 86_400

_LIST = text(
    "select correction_id, received_from, received_to, seconds_behind, reason, recorded_at from clock_correction"
    " order by received_from desc, correction_id limit 1000"
)


class ClockCorrectionIn(Input):
    """The times of receipt that the wrong clock gave (`received_at` of punches), and by how much it was behind.

    At most 7 days; of a longer time each part gets a correction. 0 seconds take one back.
    """

    received_from: AnyMoment
    received_to: AnyMoment
    seconds_behind: Annotated[int, Field(ge=0, le=SECONDS_MAX)]
    reason: PlainText


class ClockCorrectionItem(BaseModel):
    """A correction as given."""

    correction_id: UUID
    received_from: datetime
    received_to: datetime
    seconds_behind: int
    reason: str
    recorded_at: datetime


@router.get("")
async def list_clock_corrections(context: ContextDep, _: OperatorDep) -> list[ClockCorrectionItem]:
    """The corrections, the latest first."""
    return [ClockCorrectionItem(**row) for row in await read_rows(context, _LIST)]


@router.put("/{correction_id}", status_code=204)
async def keep_clock_correction(
    context: ContextDep, _: OperatorDep, correction_id: UUID, new: ClockCorrectionIn
) -> None:
    """Keeps a correction: punches that came in its time are counted where the true time shows no future."""
    correction = ClockCorrection(correction_id=correction_id, **new.model_dump())
    await context.transact(
        lambda session: put_clock_correction(session, correction, context.clock.now(), context.zone),
        seconds=BULK_SECONDS,
    )
