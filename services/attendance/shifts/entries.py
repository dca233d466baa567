"""Entries of the roster: an officer's shift or day off on a date, singly or for a whole unit and month at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_spans
from shared.errors.errors import InvalidError, NotFoundError

__all__ = ["Entry", "Shift", "ShiftsReport", "drop_shift", "put_shift", "put_shifts", "shift_fault"]

SHIFT_MAX: Final = timedelta(days=1)


class Entry(StrEnum):
    """The kind of a roster entry: a shift, a day off, or none (removes an existing entry)."""

    SHIFT = "shift"
    OFF = "off"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Shift:
    """An officer's shift on a date, in local time, or (no times) a day off; `entry` NONE removes an entry."""

    employee_id: UUID
    work_date: date
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    break_minutes: int = 0
    entry: Entry | None = None

    @property
    def kind(self) -> Entry:
        """The explicit kind, or the kind that follows from the times."""
        return self.entry or (Entry.OFF if self.starts_at is None else Entry.SHIFT)


@dataclass(frozen=True, slots=True)
class ShiftsReport:
    """How many entries were new, changed, removed or unchanged."""

    created: int
    changed: int
    removed: int
    unchanged: int


_PUT = text(
    """
    with given as (
        select * from unnest(cast(:employees as uuid[]), cast(:dates as date[]), cast(:kinds as varchar[]),
                             cast(:starts as timestamp[]), cast(:ends as timestamp[]), cast(:breaks as int[]))
            as t (employee_id, work_date, kind, starts_at, ends_at, break_minutes)
    ), removed as (
        delete from roster_shift r using given g
        where g.kind = 'none' and r.employee_id = g.employee_id and r.work_date = g.work_date
        returning r.employee_id, r.work_date
    ), kept as (
        insert into roster_shift as r (employee_id, work_date, kind, starts_at, ends_at, break_minutes)
        select * from given where kind <> 'none' order by employee_id, work_date
        on conflict (employee_id, work_date) do update set kind = excluded.kind, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at, break_minutes = excluded.break_minutes
        where (r.kind, r.starts_at, r.ends_at, r.break_minutes) is distinct from
              (excluded.kind, excluded.starts_at, excluded.ends_at, excluded.break_minutes)
        returning employee_id, work_date, xmax = 0 as created
    )
    select employee_id, work_date, 'removed' as what from removed
    union all
    select employee_id, work_date, case when created then 'created' else 'changed' end from kept
    """
)


def shift_fault(shift: Shift) -> tuple[str, str] | None:
    """The fault of an entry: the field, and what it must be ("must …"); None for a valid entry."""
    starts, ends = shift.starts_at, shift.ends_at
    if (starts is None) != (ends is None):
        field, other = ("ends_at", "a start") if ends is None else ("starts_at", "an end")
        return field, f"is required, because the shift has {other}; a day off has neither"
    if shift.kind is Entry.SHIFT and starts is None:
        return "starts_at", "is required: a shift has a start and an end"
    if starts is None or ends is None:
        return ("break_minutes", "must be empty or 0: only a shift has a break") if shift.break_minutes else None
    if shift.kind is not Entry.SHIFT:
        return "starts_at", "must be empty: only a shift has times"
    if starts.date() != shift.work_date:
        return "starts_at", "must be on work_date: a shift belongs to the date on which it starts"
    if not timedelta(0) < ends - starts <= SHIFT_MAX:
        return "ends_at", "must be after the start, by at most 24 hours"
    if timedelta(minutes=shift.break_minutes) >= ends - starts:
        return "break_minutes", "must be shorter than the shift"
    return None


async def put_shift(change: Change, shift: Shift) -> None:
    """Stores one entry and enqueues the dates around it. Raises InvalidError."""
    fault = shift_fault(shift)
    if fault is not None:
        field, words = fault
        raise InvalidError(f"`{field}` {words}.")
    await put_shifts(change, [shift], bulk=False)


async def drop_shift(change: Change, employee_id: UUID, work_date: date) -> None:
    """Deletes an entry; the date then has the hours without it. Raises NotFoundError."""
    report = await put_shifts(change, [Shift(employee_id, work_date, entry=Entry.NONE)], bulk=False)
    if not report.removed:
        raise NotFoundError("The roster has no entry for this officer on this date. List the officer's entries.")


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
    rows = (await change.session.execute(_PUT, values)).all()
    await enqueue_spans(change, [(row.employee_id, row.work_date, row.work_date) for row in rows], bulk=bulk)
    counts = Counter(row.what for row in rows)
    return ShiftsReport(counts["created"], counts["changed"], counts["removed"], len(shifts) - len(rows))
