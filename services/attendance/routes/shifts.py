"""The roster: shifts and days off of officers, one by one or a month of a unit at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.file_columns import SHIFT_COLUMNS
from services.attendance.routes.common import (
    BULK_SECONDS,
    ContextDep,
    Input,
    LocalTime,
    OperatorDep,
    WorkDate,
    must_exist,
    read_rows,
)
from services.attendance.shift_file import SHIFTS_MAX, SUBJECT, import_shifts, read_shift_file
from services.attendance.shifts import Entry, Shift, ShiftsReport, drop_shift, put_shift, put_shifts, shift_fault
from shared.office_files import Faults, check_media_type, office_file_body, read_in_turn
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses
from shared.problem_types import NOT_FOUND

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1", tags=["roster"])

_LIST = text(
    "select work_date, starts_at, ends_at, break_minutes from roster_shift where employee_id = :employee_id"
    " order by work_date desc limit 400"
)
_KNOWN = text("select employee_id from employee where employee_id = any(cast(:employees as uuid[]))")


class ShiftIn(Input):
    """A shift in local time, which begins on its date and may end on the next one; without times a day off."""

    starts_at: LocalTime | None = None
    """The begin, as a local time without an offset, on the date of the entry; null for a day off."""
    ends_at: LocalTime | None = None
    """The end, as a local time without an offset, on this date or the next; null for a day off."""
    break_minutes: Annotated[int, Field(ge=0, le=720)] = 0


class EntryIn(ShiftIn):
    """One entry of many. `entry` `none` takes the date's entry back; left out it follows from the times."""

    employee_id: UUID
    work_date: WorkDate
    """The date of the entry."""
    entry: Entry | None = None
    """`shift`, `off`, or `none` to take the entry of this date back; left out it follows from the times."""


class EntriesIn(Input):
    """Entries of any officers and dates, each date of an officer once."""

    entries: Annotated[list[EntryIn], Field(min_length=1, max_length=SHIFTS_MAX)]
    """The entries."""


class ShiftItem(Answer):
    """A roster entry; without times a day off."""

    work_date: date
    """The date of the entry."""
    starts_at: datetime | None
    """The begin, local; null on a day off."""
    ends_at: datetime | None
    """The end, local; null on a day off."""
    break_minutes: int


class ShiftReport(Answer):
    """How many entries were new, changed, taken back (`removed`), or as they were."""

    created: int
    """Entries that were new."""
    changed: int
    """Entries that changed."""
    removed: int
    """Entries that were taken back."""
    unchanged: int
    """Entries that stayed as they were."""
    notes: list[str] = Field(default_factory=list)
    """What to check in a file, such as dates like 03/08/2026, which are read day before month."""


@router.get("/employees/{employee_id}/roster", responses=refuses(NOT_FOUND))
async def list_shifts(context: ContextDep, _: OperatorDep, employee_id: UUID) -> list[ShiftItem]:
    """An officer's roster entries, the latest first."""
    await context.transact(lambda s: must_exist(s, "employee_id", employee_id))
    return [ShiftItem(**row) for row in await read_rows(context, _LIST, {"employee_id": employee_id})]


@router.put("/employees/{employee_id}/roster/{work_date}", status_code=204, responses=refuses(NOT_FOUND))
async def keep_shift(context: ContextDep, _: OperatorDep, employee_id: UUID, work_date: WorkDate, new: ShiftIn) -> None:
    """Keeps an officer's shift on a date; it beats the calendar and the week."""
    shift = Shift(employee_id, work_date, new.starts_at, new.ends_at, new.break_minutes)

    async def work(session: AsyncSession) -> None:
        await must_exist(session, "employee_id", employee_id)
        await put_shift(session, shift)

    await context.transact(work)


@router.delete("/employees/{employee_id}/roster/{work_date}", status_code=204, responses=refuses(NOT_FOUND))
async def take_shift_back(context: ContextDep, _: OperatorDep, employee_id: UUID, work_date: WorkDate) -> None:
    """Takes an entry back: the date has the hours that it has without one."""
    await context.transact(lambda s: drop_shift(s, employee_id, work_date))


@router.post("/shifts")
async def keep_shifts(context: ContextDep, _: OperatorDep, new: EntriesIn) -> ShiftReport:
    """Keeps many entries, all of them or none. `errors` of a refusal name each entry by its index, counted from 0."""
    shifts = [
        Shift(each.employee_id, each.work_date, each.starts_at, each.ends_at, each.break_minutes, each.entry)
        for each in new.entries
    ]
    return _report(await context.transact(lambda s: _keep(s, shifts), seconds=BULK_SECONDS))


@router.post("/shifts/file", openapi_extra=office_file_body(SHIFT_COLUMNS))
async def take_shift_file(context: ContextDep, _: OperatorDep, request: Request) -> ShiftReport:
    """Takes a roster of shifts, a CSV or XLSX file as a spreadsheet writes it, all of it or nothing.

    Columns: `nip`, `work_date`, `start` and `end` as local HH:MM (an end not after the start is on the next date; both
    empty: a day off); optional `break_minutes` and `entry` (`shift`, `off`, or `none`, which takes an entry back). Other
    names of the columns, dates and marks are in docs/office-files.md. Each item of `errors` names line, column and value.
    """
    check_media_type(request.headers.get("content-type"))
    body, faults = await request.body(), Faults()
    lines = await read_in_turn(lambda: read_shift_file(body, faults))
    report = await context.transact(lambda s: import_shifts(s, lines), seconds=BULK_SECONDS)
    return _report(report, faults.notes)


async def _keep(session: AsyncSession, shifts: list[Shift]) -> ShiftsReport:
    employees = sorted({shift.employee_id for shift in shifts})
    known = set((await session.execute(_KNOWN, {"employees": employees})).scalars())
    faults = Faults()

    def note(index: int, field: str, message: str) -> None:
        faults.note({"at": f"body/entries/{index}/{field}", "message": message})

    seen: dict[tuple[UUID, date], int] = {}
    for index, shift in enumerate(shifts):
        if shift.employee_id not in known:
            note(index, "employee_id", "must be the id of an officer of the roster; no officer has this one")
        first = seen.setdefault((shift.employee_id, shift.work_date), index)
        if first != index:
            note(
                index,
                "work_date",
                f"must be given once for an officer; entry {first} of this officer has the same date",
            )
        fault = shift_fault(shift)
        if fault is not None:
            note(index, *fault)
    faults.refuse(SUBJECT)
    return await put_shifts(session, shifts)


def _report(report: ShiftsReport, notes: Sequence[str] = ()) -> ShiftReport:
    return ShiftReport(
        created=report.created,
        changed=report.changed,
        removed=report.removed,
        unchanged=report.unchanged,
        notes=list(notes),
    )
