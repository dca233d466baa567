"""Whose PIN is whose on a machine, from which date to which."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.enrolments import enrol, unenrol
from services.attendance.routes.common import (
    BULK_SECONDS,
    ContextDep,
    Input,
    OperatorDep,
    WorkDate,
    must_exist,
    read_rows,
)
from services.attendance.routes.machines import Serial
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses
from shared.problem_types import NOT_FOUND

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/machines/{serial}/enrolments", tags=["machines"])

Pin = Annotated[str, Path(pattern=r"^[^\x00-\x1f\x7f/]{1,64}$", description="As the machine sends it, zeros included.")]

_LIST = text(
    "select pin, valid_from, valid_to, employee_id from enrolment where serial = :serial"
    " order by pin, valid_from limit 20000"
)


class EnrolmentIn(Input):
    """From which local date on the PIN is which officer; the last date, or none: until its next enrolment.

    After a night shift the officer punches once more on the next date: that is the last one then.
    """

    employee_id: UUID
    """The officer whose PIN it is."""
    valid_from: WorkDate
    """The first local date."""
    valid_to: WorkDate | None = None
    """The last local date; null until the PIN's next enrolment."""


class EnrolmentItem(Answer):
    """An enrolment; it holds to its last date, to the day after the officer's `active_to`, and to the PIN's next one."""

    pin: str
    valid_from: date
    """The first local date."""
    valid_to: date | None
    """The last local date; null where none was stated."""
    employee_id: UUID


@router.get("", responses=refuses(NOT_FOUND))
async def list_enrolments(context: ContextDep, _: OperatorDep, serial: Serial) -> list[EnrolmentItem]:
    """Whose PIN is whose on this machine, also in the past."""
    await context.transact(lambda session: must_exist(session, "serial", serial))
    return [EnrolmentItem(**row) for row in await read_rows(context, _LIST, {"serial": serial})]


@router.put("/{pin}", status_code=204, responses=refuses(NOT_FOUND))
async def keep_enrolment(context: ContextDep, _: OperatorDep, serial: Serial, pin: Pin, new: EnrolmentIn) -> None:
    """Says whose a PIN is from a date on, and perhaps to which; the punches of that time become that officer's.

    The same again with a `valid_to` ends it, also on a past date: its punches after that are nobody's.
    """

    async def work(session: AsyncSession) -> None:
        await must_exist(session, "employee_id", new.employee_id)
        await enrol(session, serial, pin, new.valid_from, new.employee_id, context.zone, new.valid_to)

    await context.transact(work, seconds=BULK_SECONDS)


@router.delete("/{pin}", status_code=204, responses=refuses(NOT_FOUND))
async def drop_enrolment(
    context: ContextDep, _: OperatorDep, serial: Serial, pin: Pin, valid_from: Annotated[WorkDate, Query()]
) -> None:
    """Takes the enrolment that begins on this date back: it never was."""
    await context.transact(lambda s: unenrol(s, serial, pin, valid_from, context.zone), seconds=BULK_SECONDS)
