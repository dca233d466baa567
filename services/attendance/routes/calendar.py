"""Holidays and collective leave, as decreed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import text

from services.attendance.holidays_calendar import DecreedDay, decree_day, drop_day
from services.attendance.routes.common import (
    BULK_SECONDS,
    ContextDep,
    Input,
    OperatorDep,
    PlainText,
    WorkDate,
    read_rows,
)

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/calendar", tags=["calendar"])

_YEAR = text(
    "select day, name, kind, confirmed, decree from calendar_day"
    " where kind <> 'workday' and day >= make_date(:year, 1, 1) and day < make_date(:year + 1, 1, 1) order by day"
)


class CalendarIn(Input):
    """What a date is. One that is not confirmed awaits a decree: days on it stay open."""

    name: PlainText
    kind: Literal["holiday", "collective_leave"]
    confirmed: bool
    decree: PlainText | None = None


class CalendarItem(BaseModel):
    """A date of the calendar."""

    day: date
    name: str
    kind: str
    confirmed: bool
    decree: str | None


@router.get("")
async def list_calendar(
    context: ContextDep, _: OperatorDep, year: Annotated[int, Query(ge=2000, le=2100)]
) -> list[CalendarItem]:
    """The holidays and collective-leave days of a year."""
    return [CalendarItem(**row) for row in await read_rows(context, _YEAR, {"year": year})]


@router.put("/{day}", status_code=204)
async def keep_day(context: ContextDep, _: OperatorDep, day: WorkDate, new: CalendarIn) -> None:
    """Decrees a date and computes everybody's day again."""
    decreed = DecreedDay(day, new.name, new.kind, new.confirmed, new.decree)
    await context.transact(lambda s: decree_day(s, decreed), seconds=BULK_SECONDS)


@router.delete("/{day}", status_code=204)
async def remove_day(context: ContextDep, _: OperatorDep, day: WorkDate) -> None:
    """Makes a date an ordinary one and computes everybody's day again."""
    await context.transact(lambda s: drop_day(s, day), seconds=BULK_SECONDS)
