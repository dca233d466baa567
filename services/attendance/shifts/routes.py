"""The roster: shifts and days off of officers, singly or for a whole unit and month at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.dependencies import (
    BULK_SECONDS,
    ContextDep,
    Input,
    LocalTime,
    OperatorDep,
    WorkDate,
    must_exist,
)
from services.attendance.hours.rules.day_hours import BREAK_MINUTES_MAX
from services.attendance.shifts.entries import ENTRIES_MAX, drop_shift, put_entries, put_shift
from services.attendance.shifts.queries import read_shifts
from services.attendance.shifts.rules.entry import Entry, Shift
from services.attendance.shifts.shift_file import import_shifts, read_shift_file
from services.attendance.shifts.tables import RosterShift
from shared.errors.problem_types import NOT_FOUND
from shared.office_files import Faults, check_media_type, office_file_body, read_in_turn
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1", tags=["roster"])


class ShiftIn(Input):
    """A shift in local time. It starts on its date and may end on the next one; without times it is a day off."""

    starts_at: LocalTime | None = None
    """The start, as a local time without an offset, on the date of the entry; null for a day off."""
    ends_at: LocalTime | None = None
    """The end, as a local time without an offset, on this date or the next; null for a day off."""
    break_minutes: Annotated[int, Field(ge=0, le=BREAK_MINUTES_MAX)] = 0


class EntryIn(ShiftIn):
    """One of many entries. `entry` `none` removes the date's entry; if omitted, it follows from the times."""

    employee_id: UUID
    work_date: WorkDate
    """The date of the entry."""
    entry: Entry | None = None
    """`shift`, `off`, or `none` to remove the entry of this date; if omitted, it follows from the times."""


class EntriesIn(Input):
    """Entries of any officers and dates, at most one per officer and date."""

    entries: Annotated[list[EntryIn], Field(min_length=1, max_length=ENTRIES_MAX)]
    """The entries."""


class ShiftItem(Answer, from_attributes=True):
    """A roster entry; without times it is a day off."""

    work_date: date
    """The date of the entry."""
    starts_at: datetime | None
    """The start, local; null on a day off."""
    ends_at: datetime | None
    """The end, local; null on a day off."""
    break_minutes: int


class ShiftReport(Answer):
    """How many entries were new, changed, removed or unchanged."""

    created: int
    """The number of new entries."""
    changed: int
    """The number of changed entries."""
    removed: int
    """The number of removed entries."""
    unchanged: int
    """The number of unchanged entries."""
    notes: list[str] = Field(default_factory=list)
    """What to check in a file: dates like 03/08/2026, which are read as day before month, and formulas with an empty result."""


@router.get("/employees/{employee_id}/roster", responses=refuses(NOT_FOUND))
async def list_shifts(context: ContextDep, _: OperatorDep, employee_id: UUID) -> list[ShiftItem]:
    """An officer's roster entries, newest first."""

    async def read(session: AsyncSession) -> Sequence[RosterShift]:
        await must_exist(session, "employee_id", employee_id)
        return await read_shifts(session, employee_id)

    return [ShiftItem.model_validate(shift) for shift in await context.transact(read)]


@router.put("/employees/{employee_id}/roster/{work_date}", status_code=204, responses=refuses(NOT_FOUND))
async def keep_shift(context: ContextDep, _: OperatorDep, employee_id: UUID, work_date: WorkDate, new: ShiftIn) -> None:
    """Stores an officer's shift on a date; it overrides the calendar and the week."""
    shift = Shift(employee_id, work_date, new.starts_at, new.ends_at, new.break_minutes)

    async def work(change: Change) -> None:
        await must_exist(change.session, "employee_id", employee_id)
        await put_shift(change, shift)

    await context.change(work)


@router.delete("/employees/{employee_id}/roster/{work_date}", status_code=204, responses=refuses(NOT_FOUND))
async def take_shift_back(context: ContextDep, _: OperatorDep, employee_id: UUID, work_date: WorkDate) -> None:
    """Deletes an entry; the date then has the hours without it."""
    await context.change(lambda change: drop_shift(change, employee_id, work_date))


@router.post("/shifts")
async def keep_shifts(context: ContextDep, _: OperatorDep, new: EntriesIn) -> ShiftReport:
    """Stores many entries, all or none. `errors` of a refusal refer to each entry by its index, from 0."""
    shifts = [
        Shift(each.employee_id, each.work_date, each.starts_at, each.ends_at, each.break_minutes, each.entry)
        for each in new.entries
    ]
    report = await context.change(lambda change: put_entries(change, shifts), seconds=BULK_SECONDS)
    return ShiftReport(**asdict(report))


@router.post("/shifts/file", openapi_extra=office_file_body())
async def take_shift_file(context: ContextDep, _: OperatorDep, request: Request) -> ShiftReport:
    """Imports a roster of shifts from a CSV or XLSX file, completely or not at all.

    Columns: `nip`, `work_date`, `start` and `end` as local HH:MM (an end not after the start is on the next date; both
    empty: a day off); optional `break_minutes` and `entry` (`shift`, `off`, or `none`, which removes an entry).
    docs/office-files.md describes other column names, dates and separators. Each item of `errors` has line, column and value.
    """
    check_media_type(request.headers.get("content-type"))
    body, faults = await request.body(), Faults()
    lines = await read_in_turn(lambda: read_shift_file(body, faults))
    report = await context.change(lambda change: import_shifts(change, lines), seconds=BULK_SECONDS)
    return ShiftReport(**asdict(report), notes=faults.notes)
