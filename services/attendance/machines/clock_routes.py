"""Times in which the server's own clock was behind."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from services.attendance.day_queue.change import Change
from services.attendance.dependencies import (
    BULK_SECONDS,
    AnyMoment,
    ContextDep,
    Input,
    OperatorDep,
    PlainText,
)
from services.attendance.machines.clock_corrections import put_clock_correction, read_clock_corrections
from services.attendance.machines.tables import ClockCorrection
from shared.errors.problem_types import CONFLICT
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/clock-corrections", tags=["clock corrections"])

SECONDS_MAX = 100 * 366 * 86_400


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
    return [ClockCorrectionItem(**row.model_dump()) for row in await context.transact(read_clock_corrections)]


@router.put("/{correction_id}", status_code=204, responses=refuses(CONFLICT))
async def keep_clock_correction(
    context: ContextDep, _: OperatorDep, correction_id: UUID, new: ClockCorrectionIn
) -> None:
    """Stores a correction. Punches received in its time count unless they are in the future by the true time."""

    async def work(change: Change) -> None:
        correction = ClockCorrection(correction_id=correction_id, recorded_at=change.now, **new.model_dump())
        await put_clock_correction(change, correction)

    await context.change(work, seconds=BULK_SECONDS)
