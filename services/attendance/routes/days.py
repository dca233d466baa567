"""Officers' days, explained down to the punch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_worker import explain_day
from services.attendance.routes.common import ContextDep, OperatorDep, WorkDate, must_exist, read_rows
from shared.contracts.attendance_day import AttendanceDayRecord
from shared.errors import InvalidError, NotFoundError

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/employees/{employee_id}/days", tags=["days"])

SPAN_DAYS_MAX = 400

_LIST = text(
    "select record from attendance_day where employee_id = :employee_id and work_date between :first and :last"
    " order by work_date"
)
_ONE = text("select record from attendance_day where employee_id = :employee_id and work_date = :work_date")


class PunchItem(BaseModel):
    """A punch in the day's window. One that is not `counted` had a time that cannot be right."""

    id: int
    serial: str
    at: datetime
    local_time: datetime
    status: int
    verify: int
    flags: list[str]
    counted: bool
    own_site: bool
    source: str
    received_at: datetime


class DayExplained(BaseModel):
    """A day as published, and what it rests on now."""

    day: AttendanceDayRecord
    window_from: datetime | None
    window_to: datetime | None
    """The time in which a punch can belong to the shift; null on a day off."""
    punches: list[PunchItem]


@router.get("")
async def list_days(
    context: ContextDep,
    _: OperatorDep,
    employee_id: UUID,
    first: Annotated[WorkDate, Query(alias="from")],
    last: Annotated[WorkDate, Query(alias="to")],
) -> list[AttendanceDayRecord]:
    """The days from one date to another, both included."""
    if not timedelta(0) <= last - first <= timedelta(days=SPAN_DAYS_MAX):
        raise InvalidError(f"`to` is from `from` on, at most {SPAN_DAYS_MAX} days later.")
    await context.transact(lambda s: must_exist(s, "employee_id", employee_id))
    rows = await read_rows(context, _LIST, {"employee_id": employee_id, "first": first, "last": last})
    return [AttendanceDayRecord.model_validate_json(row["record"]) for row in rows]


@router.get("/{work_date}")
async def show_day(context: ContextDep, _: OperatorDep, employee_id: UUID, work_date: WorkDate) -> DayExplained:
    """One day, with the punches in the window of its shift."""

    async def read(session: AsyncSession) -> tuple[Any, Any]:
        await must_exist(session, "employee_id", employee_id)
        row = (await session.execute(_ONE, {"employee_id": employee_id, "work_date": work_date})).first()
        return row, await explain_day(session, employee_id, work_date, context.zone, context.clock.now())

    row, judged = await context.transact(read)
    if row is None:
        raise NotFoundError("This date has not been computed: it lies ahead, or before the officer's first day.")
    window = None if judged is None else judged.window
    punches = [] if judged is None else judged.punches
    return DayExplained(
        day=AttendanceDayRecord.model_validate_json(row.record),
        window_from=None if window is None else window.start.astimezone(context.zone),
        window_to=None if window is None else window.end.astimezone(context.zone),
        punches=[PunchItem(own_site=p.org_unit_id == judged.org_unit_id, **p.row) for p in punches],
    )
