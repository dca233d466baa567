"""Times in which the server's own clock was behind."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import text

from services.attendance.dependencies import (
    BULK_SECONDS,
    AnyMoment,
    ContextDep,
    Input,
    OperatorDep,
    PlainText,
    read_rows,
)
from services.attendance.machines.clock_corrections import ClockCorrection, put_clock_correction
from shared.errors.problem_types import CONFLICT
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/clock-corrections", tags=["clock corrections"])

SECONDS_MAX = 100 * 366 * 86_400

_LIST = text(
    "select correction_id, received_from, received_to, seconds_behind, reason, recorded_at from clock_correction"
    " order by received_from desc, correction_id limit 1000"
)


class ClockCorrectionIn(Input):
    """Receive times (`received_at` of punches) that a wrong server clock produced, and how far it was behind.

    At most 7 days; split a longer time into several corrections. 0 seconds undo a correction.
    """

    received_from: AnyMoment
    """The first receive time that the wrong clock produced."""
    received_to: AnyMoment
    """The last receive time that the wrong clock produced; at most 7 days after `received_from`."""
    seconds_behind: Annotated[int, Field(ge=0, le=SECONDS_MAX)]
    """How many seconds the server's clock was behind the true time; 0 undoes the correction."""
    reason: PlainText
    """Why the clock was wrong, for later readers: 1 to 500 characters."""


class ClockCorrectionItem(Answer):
    """A stored correction."""

    correction_id: UUID
    received_from: datetime
    """The first receive time that is corrected."""
    received_to: datetime
    """The last receive time that is corrected."""
    seconds_behind: int
    """How many seconds the server's clock was behind; 0 for a correction that was undone."""
    reason: str
    """Why the clock was wrong."""
    recorded_at: datetime
    """When the operator recorded it."""


@router.get("")
async def list_clock_corrections(context: ContextDep, _: OperatorDep) -> list[ClockCorrectionItem]:
    """The corrections, newest first."""
    return [ClockCorrectionItem(**row) for row in await read_rows(context, _LIST)]


@router.put("/{correction_id}", status_code=204, responses=refuses(CONFLICT))
async def keep_clock_correction(
    context: ContextDep, _: OperatorDep, correction_id: UUID, new: ClockCorrectionIn
) -> None:
    """Stores a correction. Punches received in its time count unless they are in the future by the true time."""
    correction = ClockCorrection(correction_id=correction_id, **new.model_dump())
    await context.change(
        lambda change: put_clock_correction(change, correction),
        seconds=BULK_SECONDS,
    )
