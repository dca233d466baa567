"""Week schedules and overrides."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BeforeValidator, Field

from services.attendance.day_queue.change import Change
from services.attendance.dependencies import (
    BULK_SECONDS,
    ContextDep,
    Input,
    OperatorDep,
    PlainText,
    UnitId,
    WorkDate,
    must_exist,
)
from services.attendance.hours.queries import read_overrides, read_weeks
from services.attendance.hours.rules.day_hours import BREAK_MINUTES_MAX
from services.attendance.hours.rules.schedule import WeekKind
from services.attendance.hours.schedules import HoursOverride, Week, drop_override, drop_week, put_override, put_week
from shared.contracts.base import Code
from shared.errors.problem_types import NOT_FOUND
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1", tags=["schedules"])

ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["07:30"])]

StoredDays = Annotated[dict[str, Any], BeforeValidator(json.loads)]


class DayHoursIn(Input):
    """A weekday's local hours. An end not after the start is on the next date; the break has a start and end, or minutes."""

    start: ClockTime
    """The start of the shift, local HH:MM."""
    end: ClockTime
    """The end of the shift, local HH:MM; on the next date if it is not after the start."""
    break_start: ClockTime | None = None
    """The start of the break, local HH:MM; together with `break_end`."""
    break_end: ClockTime | None = None
    """The end of the break, local HH:MM."""
    break_minutes: Annotated[int, Field(ge=0, le=BREAK_MINUTES_MAX)] = 0
    """The length of a break without fixed times, in minutes; 0 if the break has fixed times or there is none."""


class DaysIn(Input):
    """Hours by weekday; an omitted weekday is a rest day."""

    monday: DayHoursIn | None = None
    """Hours of Monday; null for a rest day."""
    tuesday: DayHoursIn | None = None
    """Hours of Tuesday; null for a rest day."""
    wednesday: DayHoursIn | None = None
    """Hours of Wednesday; null for a rest day."""
    thursday: DayHoursIn | None = None
    """Hours of Thursday; null for a rest day."""
    friday: DayHoursIn | None = None
    """Hours of Friday; null for a rest day."""
    saturday: DayHoursIn | None = None
    """Hours of Saturday; null for a rest day."""
    sunday: DayHoursIn | None = None
    """Hours of Sunday; null for a rest day."""

    def stored(self) -> dict[str, Any]:
        """The form in the database: an omitted field has its default."""
        return self.model_dump(exclude_none=True, exclude_defaults=True)


class WeekIn(Input):
    """The hours of a week for an officer, a unit, or (neither) the whole city. The most specific one counts.

    For a part-time officer (PPPK_PART_TIME) only the officer's own week counts.
    """

    name: PlainText
    """A name for people: 1 to 500 characters."""
    kind: WeekKind
    """The number of working days. Overrides replace hours of weeks of their own kind."""
    days: DaysIn
    """The hours of each weekday."""
    effective_from: WorkDate
    """The first date."""
    effective_to: WorkDate | None = None
    """The last date; null: no end."""
    employee_id: UUID | None = None
    """The officer; null for a unit's or the city's week."""
    org_unit_id: UnitId | None = None
    """The unit; null for an officer's or the city's week."""


class OverrideIn(Input):
    """Different hours for the working days of weeks of this kind, for example during Ramadan; rosters do not change."""

    name: PlainText
    """A name for people: 1 to 500 characters."""
    code: Code
    """The reason code in a day's record for these hours, such as RAMADAN."""
    kind: WeekKind
    """The kind of weeks whose hours it replaces."""
    decree: PlainText
    first_date: WorkDate
    last_date: WorkDate
    days: DaysIn
    """The hours of each weekday."""


class WeekItem(Answer, from_attributes=True):
    """A stored week."""

    schedule_id: UUID
    name: str
    """A name for people."""
    kind: str
    """`five_day` or `six_day`."""
    days: StoredDays
    """Weekday to hours (local HH:MM); an omitted weekday is a rest day."""
    effective_from: date
    """The first date."""
    effective_to: date | None
    """The last date; null: no end."""
    employee_id: UUID | None
    """The officer; null for a unit's or the city's week."""
    org_unit_id: str | None
    """The unit; null for an officer's or the city's week."""


class OverrideItem(Answer, from_attributes=True):
    """A stored override."""

    override_id: UUID
    name: str
    """A name for people."""
    code: str
    """The reason code in a day's record for these hours, such as RAMADAN."""
    kind: str
    """The kind of weeks whose hours it replaces: `five_day` or `six_day`."""
    decree: str
    first_date: date
    last_date: date
    days: StoredDays
    """Weekday to hours (local HH:MM)."""


@router.get("/schedules")
async def list_weeks(context: ContextDep, _: OperatorDep) -> list[WeekItem]:
    """The weeks, newest first."""
    return [WeekItem.model_validate(week) for week in await context.transact(read_weeks)]


@router.put("/schedules/{schedule_id}", status_code=204, responses=refuses(NOT_FOUND))
async def keep_week(context: ContextDep, _: OperatorDep, schedule_id: UUID, new: WeekIn) -> None:
    """Stores a week and computes the affected days again, including past ones."""
    days = new.days.stored()
    fields = new.model_dump(exclude={"days"})

    async def work(change: Change) -> None:
        await must_exist(change.session, "employee_id", new.employee_id)
        await must_exist(change.session, "org_unit_id", new.org_unit_id)
        await put_week(change, Week(schedule_id=schedule_id, days=days, **fields))

    await context.change(work, seconds=BULK_SECONDS)


@router.delete("/schedules/{schedule_id}", status_code=204, responses=refuses(NOT_FOUND))
async def take_week_back(context: ContextDep, _: OperatorDep, schedule_id: UUID) -> None:
    """Deletes a wrong week, also for past dates. To end a correct one, set its `effective_to` instead."""
    await context.change(lambda change: drop_week(change, schedule_id), seconds=BULK_SECONDS)


@router.get("/overrides")
async def list_overrides(context: ContextDep, _: OperatorDep) -> list[OverrideItem]:
    """The overrides, newest first."""
    return [OverrideItem.model_validate(override) for override in await context.transact(read_overrides)]


@router.put("/overrides/{override_id}", status_code=204)
async def keep_override(context: ContextDep, _: OperatorDep, override_id: UUID, new: OverrideIn) -> None:
    """Stores hours for a period and computes the affected days again."""
    override = HoursOverride(override_id=override_id, days=new.days.stored(), **new.model_dump(exclude={"days"}))
    await context.change(lambda change: put_override(change, override), seconds=BULK_SECONDS)


@router.delete("/overrides/{override_id}", status_code=204, responses=refuses(NOT_FOUND))
async def take_override_back(context: ContextDep, _: OperatorDep, override_id: UUID) -> None:
    """Deletes an override, also for past dates."""
    await context.change(lambda change: drop_override(change, override_id), seconds=BULK_SECONDS)
