"""Holidays and collective leave, as decreed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from services.attendance.dependencies import (
    BULK_SECONDS,
    ContextDep,
    Input,
    OperatorDep,
    PlainText,
    WorkDate,
)
from services.attendance.hours.holidays import decree_day, drop_day
from services.attendance.hours.queries import read_calendar
from services.attendance.hours.tables import CalendarDay
from shared.errors.problem_types import NOT_FOUND
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/calendar", tags=["calendar"])


class CalendarIn(Input):
    """The kind of a date. An unconfirmed one awaits a decree: its days stay open."""

    name: PlainText
    """The name of the day, as in the decree."""
    kind: Literal["holiday", "collective_leave"]
    """A public holiday, or a day of collective leave (cuti bersama)."""
    confirmed: bool
    """Whether the date is decreed. On an unconfirmed date, days stay `unknown`: nobody is absent."""
    decree: PlainText | None = None
    """The citation of the decree; null while there is none."""


class CalendarItem(Answer, from_attributes=True):
    """A date of the calendar."""

    day: date
    """The date."""
    name: str
    """The name of the day."""
    kind: str
    """`holiday` or `collective_leave`."""
    confirmed: bool
    """Whether the date is decreed; false for an estimate."""
    decree: str | None
    """The citation of the decree; null if there is none."""


@router.get("")
async def list_calendar(
    context: ContextDep, _: OperatorDep, year: Annotated[int, Query(ge=2000, le=2100)]
) -> list[CalendarItem]:
    """The holidays and collective-leave days of a year."""
    days = await context.transact(lambda s: read_calendar(s, date(year, 1, 1), date(year, 12, 31)))
    return [CalendarItem.model_validate(day) for day in days]


@router.put("/{day}", status_code=204)
async def keep_day(context: ContextDep, _: OperatorDep, day: WorkDate, new: CalendarIn) -> None:
    """Sets a date by decree and computes everybody's day again."""
    decreed = CalendarDay(day=day, **new.model_dump())
    await context.change(lambda change: decree_day(change, decreed), seconds=BULK_SECONDS)


@router.delete("/{day}", status_code=204, responses=refuses(NOT_FOUND))
async def remove_day(context: ContextDep, _: OperatorDep, day: WorkDate) -> None:
    """Makes a date an ordinary day and computes everybody's day again."""
    await context.change(lambda change: drop_day(change, day), seconds=BULK_SECONDS)
