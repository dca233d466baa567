"""Which officer has which PIN on a machine, between which dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.dependencies import (
    BULK_SECONDS,
    ContextDep,
    Input,
    OperatorDep,
    Serial,
    WorkDate,
    must_exist,
)
from services.attendance.enrolments.enrolments import enrol, unenrol
from services.attendance.enrolments.queries import read_enrolments
from services.attendance.enrolments.tables import Enrolment
from shared.errors.problem_types import NOT_FOUND
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/machines/{serial}/enrolments", tags=["machines"])

Pin = Annotated[str, Path(pattern=r"^[^\x00-\x1f\x7f/]{1,64}$", description="As the machine sends it, zeros included.")]


class EnrolmentIn(Input):
    """The officer of the PIN and the first local date; optionally the last date (without it: until the PIN's next enrolment).

    After a last night shift the officer punches out on the next date: use that date as the last one.
    """

    employee_id: UUID
    """The officer who has the PIN."""
    valid_from: WorkDate
    """The first local date."""
    valid_to: WorkDate | None = None
    """The last local date; null: until the PIN's next enrolment."""


class EnrolmentItem(Answer, from_attributes=True):
    """An enrolment. It ends on its last date, on the day after the officer's `active_to`, or before the PIN's next one."""

    pin: str
    valid_from: date
    """The first local date."""
    valid_to: date | None
    """The last local date; null if there is none."""
    employee_id: UUID


@router.get("", responses=refuses(NOT_FOUND))
async def list_enrolments(context: ContextDep, _: OperatorDep, serial: Serial) -> list[EnrolmentItem]:
    """The enrolments of this machine, also past ones."""

    async def read(session: AsyncSession) -> Sequence[Enrolment]:
        await must_exist(session, "serial", serial)
        return await read_enrolments(session, serial)

    return [EnrolmentItem.model_validate(enrolment) for enrolment in await context.transact(read)]


@router.put("/{pin}", status_code=204, responses=refuses(NOT_FOUND))
async def keep_enrolment(context: ContextDep, _: OperatorDep, serial: Serial, pin: Pin, new: EnrolmentIn) -> None:
    """Assigns a PIN to an officer from a date on, optionally until a date. The punches of that time become the officer's.

    To end an enrolment, also in the past, send it again with `valid_to`: later punches then belong to nobody.
    """

    enrolment = Enrolment(serial=serial, pin=pin, **new.model_dump())

    async def work(change: Change) -> None:
        await must_exist(change.session, "employee_id", new.employee_id)
        await enrol(change, enrolment)

    await context.change(work, seconds=BULK_SECONDS)


@router.delete("/{pin}", status_code=204, responses=refuses(NOT_FOUND))
async def drop_enrolment(
    context: ContextDep, _: OperatorDep, serial: Serial, pin: Pin, valid_from: Annotated[WorkDate, Query()]
) -> None:
    """Deletes the enrolment that begins on this date, also for the past."""
    await context.change(lambda change: unenrol(change, serial, pin, valid_from), seconds=BULK_SECONDS)
