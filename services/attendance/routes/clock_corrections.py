"""Times in which the server's own clock was behind."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
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
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses
from shared.problem_types import CONFLICT

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
    """The first time of receipt that the wrong clock gave."""
    received_to: AnyMoment
    """The last time of receipt that the wrong clock gave; at most 7 days after `received_from`."""
    seconds_behind: Annotated[int, Field(ge=0, le=SECONDS_MAX)]
    """By how many seconds the server's clock was behind the true time; 0 takes the correction back."""
    reason: PlainText
    """Why, for whoever asks later: 1 to 500 characters."""


class ClockCorrectionItem(Answer):
    """A correction as given."""

    correction_id: UUID
    received_from: datetime
    """The first time of receipt that is corrected."""
    received_to: datetime
    """The last time of receipt that is corrected."""
    seconds_behind: int
    """By how many seconds the server's clock was behind; 0 for a correction that was taken back."""
    reason: str
    """Why the clock was wrong."""
    recorded_at: datetime
    """When the operator stated it."""


@router.get("")
async def list_clock_corrections(context: ContextDep, _: OperatorDep) -> list[ClockCorrectionItem]:
    """The corrections, the latest first."""
    return [ClockCorrectionItem(**row) for row in await read_rows(context, _LIST)]


@router.put("/{correction_id}", status_code=204, responses=refuses(CONFLICT))
async def keep_clock_correction(
    context: ContextDep, _: OperatorDep, correction_id: UUID, new: ClockCorrectionIn
) -> None:
    """Keeps a correction: punches that came in its time are counted where the true time shows no future."""
    correction = ClockCorrection(correction_id=correction_id, **new.model_dump())
    await context.transact(
        lambda session: put_clock_correction(session, correction, context.clock.now(), context.zone),
        seconds=BULK_SECONDS,
    )
