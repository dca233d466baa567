"""Entries of the roster: an officer's shift or day off on a date, singly or for a whole unit and month at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_spans
from services.attendance.people.queries import read_officer_ids
from services.attendance.shifts.rules.entry import Entry, Shift, shift_fault
from shared.db.queries import query
from shared.errors.errors import InvalidError, NotFoundError
from shared.office_files import Faults

__all__ = ["ENTRIES_MAX", "SUBJECT", "ShiftsReport", "drop_shift", "put_entries", "put_shift", "put_shifts"]

ENTRIES_MAX: Final = 20_000
"""Entries per request: a month of 600 officers."""
SUBJECT: Final = "The roster of shifts"


@dataclass(frozen=True, slots=True)
class ShiftsReport:
    """How many entries were new, changed, removed or unchanged."""

    created: int
    changed: int
    removed: int
    unchanged: int


class WrittenEntry(NamedTuple):
    """An entry that was new, changed or removed."""

    employee_id: UUID
    work_date: date
    outcome: str


WRITTEN_ENTRIES = query(
    """
    with entries as (
        select * from unnest(cast(:employees as uuid[]), cast(:dates as date[]), cast(:kinds as varchar[]),
                             cast(:starts as timestamp[]), cast(:ends as timestamp[]), cast(:breaks as int[]))
            as t (employee_id, work_date, kind, starts_at, ends_at, break_minutes)
    ), removed as (
        delete from roster_shift r using entries e
        where e.kind = 'none' and r.employee_id = e.employee_id and r.work_date = e.work_date
        returning r.employee_id, r.work_date
    ), stored as (
        insert into roster_shift as r (employee_id, work_date, kind, starts_at, ends_at, break_minutes)
        select * from entries where kind <> 'none' order by employee_id, work_date
        on conflict (employee_id, work_date) do update set kind = excluded.kind, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at, break_minutes = excluded.break_minutes
        where (r.kind, r.starts_at, r.ends_at, r.break_minutes) is distinct from
              (excluded.kind, excluded.starts_at, excluded.ends_at, excluded.break_minutes)
        returning employee_id, work_date, xmax = 0 as created
    )
    select employee_id, work_date, 'removed' as outcome from removed
    union all
    select employee_id, work_date, case when created then 'created' else 'changed' end from stored
    """,
    WrittenEntry,
)


async def put_shift(change: Change, shift: Shift) -> None:
    """Stores one entry and enqueues the dates around it. Raises InvalidError."""
    fault = shift_fault(shift)
    if fault is not None:
        field, message = fault
        raise InvalidError(f"`{field}` {message}.")
    await put_shifts(change, [shift], bulk=False)


async def drop_shift(change: Change, employee_id: UUID, work_date: date) -> None:
    """Deletes an entry; the date then has the hours without it. Raises NotFoundError."""
    report = await put_shifts(change, [Shift(employee_id, work_date, entry=Entry.NONE)], bulk=False)
    if not report.removed:
        raise NotFoundError("The roster has no entry for this officer on this date. List the officer's entries.")


async def put_entries(change: Change, shifts: Sequence[Shift]) -> ShiftsReport:
    """Checks and stores entries, all or none. Raises InvalidError with every fault, by the entry's index from 0."""
    officers = await read_officer_ids(change.session, {shift.employee_id for shift in shifts})
    faults = Faults()

    def refuse(index: int, field: str, message: str) -> None:
        faults.note({"at": f"body/entries/{index}/{field}", "message": message})

    seen: dict[tuple[UUID, date], int] = {}
    for index, shift in enumerate(shifts):
        if shift.employee_id not in officers:
            refuse(index, "employee_id", "must be the id of an officer in the roster; no officer has this one")
        first = seen.setdefault((shift.employee_id, shift.work_date), index)
        if first != index:
            message = f"must appear once per officer; entry {first} of this officer has the same date"
            refuse(index, "work_date", message)
        fault = shift_fault(shift)
        if fault is not None:
            refuse(index, *fault)
    faults.refuse(SUBJECT)
    return await put_shifts(change, shifts)


async def put_shifts(change: Change, shifts: Sequence[Shift], *, bulk: bool = True) -> ShiftsReport:
    """Stores valid entries, one per officer and date, in one statement; enqueues the dates around the changed ones."""
    values = {
        "employees": [shift.employee_id for shift in shifts],
        "dates": [shift.work_date for shift in shifts],
        "kinds": [shift.kind.value for shift in shifts],
        "starts": [shift.starts_at for shift in shifts],
        "ends": [shift.ends_at for shift in shifts],
        "breaks": [shift.break_minutes for shift in shifts],
    }
    written = await WRITTEN_ENTRIES.all(change.session, values)
    await enqueue_spans(change, [(each.employee_id, each.work_date, each.work_date) for each in written], bulk=bulk)
    counts = Counter(each.outcome for each in written)
    return ShiftsReport(counts["created"], counts["changed"], counts["removed"], len(shifts) - len(written))
