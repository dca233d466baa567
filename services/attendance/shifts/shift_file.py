"""Reads a roster of shifts, reports every fault with its line, column and value, and finds the officers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from services.attendance.day_queue.change import Change
from services.attendance.hours.rules.day_hours import BREAK_MINUTES_MAX
from services.attendance.people.file_columns import ENTRIES, SHIFT_COLUMNS
from services.attendance.people.queries import read_officers_by_nip
from services.attendance.people.rules.nip import has_nip_digits
from services.attendance.shifts.entries import ENTRIES_MAX, SUBJECT, ShiftsReport, put_shifts
from services.attendance.shifts.rules.entry import Entry, Shift, shift_fault
from shared.errors.errors import InvalidError
from shared.office_files import Faults, Row, read_rows

__all__ = ["ShiftLine", "import_shifts", "read_shift_file"]

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """A line of the file, before its officer is looked up."""

    row: Row
    nip: str
    shift: Shift


def read_shift_file(body: bytes, faults: Faults) -> list[ShiftLine]:
    """Returns all lines of the file. Raises InvalidError with every fault; adds faults and notes to the empty `faults`.

    Columns: `nip`, `work_date`, `start` and `end` as local HH:MM (an end not after the start is on the next date; both
    empty: a day off), and optionally `break_minutes` and `entry` (`shift`, `off`, or `none`, which removes an entry).
    """
    rows = read_rows(body, SHIFT_COLUMNS, faults)
    if len(rows) > ENTRIES_MAX:
        raise InvalidError(f"The file has {len(rows)} entries; the maximum is {ENTRIES_MAX}. Split the file.")
    lines = [line for row in rows if (line := _read_line(row, faults)) is not None]
    faults.refuse(SUBJECT)
    return lines


async def import_shifts(change: Change, lines: list[ShiftLine]) -> ShiftsReport:
    """Stores the entries of a file, all or none. Raises InvalidError for unknown officers and repeated dates."""
    officers = await read_officers_by_nip(change.session, {line.nip for line in lines})
    faults = Faults()
    seen: dict[tuple[str, date], int] = {}
    for line in lines:
        if line.nip not in officers:
            message = "must be the NIP of an officer in the roster; no officer has this one. Import the officers first"
            line.row.refuse("nip", message, faults)
        first = seen.setdefault((line.nip, line.shift.work_date), line.row.line)
        if first != line.row.line:
            line.row.refuse("work_date", f"must appear once per officer; line {first} has the same date", faults)
    faults.refuse(SUBJECT)
    return await put_shifts(change, [replace(line.shift, employee_id=officers[line.nip]) for line in lines])


def _read_line(row: Row, faults: Faults) -> ShiftLine | None:
    before = len(faults)
    nip = row.text("nip", faults, required=True).replace(" ", "")
    if nip and not has_nip_digits(nip):
        row.refuse("nip", f"must have 18 digits; this has {len(nip)} characters", faults)
    work_date = row.date("work_date", faults, required=True)
    start, end = row.time("start", faults), row.time("end", faults)
    pause = row.text("break_minutes", faults) or "0"
    digits = pause.isascii() and pause.isdigit() and len(pause) <= len(str(BREAK_MINUTES_MAX))
    if not digits or int(pause) > BREAK_MINUTES_MAX:
        row.refuse("break_minutes", f"must be a whole number from 0 to {BREAK_MINUTES_MAX}, or empty", faults)
    written = row.text("entry", faults).lower()
    entry = ENTRIES.get(written)
    if written and entry is None:
        row.refuse("entry", f"must be {', '.join(Entry)}, or empty", faults)
    if work_date is None or len(faults) > before or faults.full:
        return None
    shift = _shift(work_date, start, end, int(pause), None if entry is None else Entry(entry))
    fault = shift_fault(shift)
    if fault is not None:
        field, message = fault
        row.refuse({"starts_at": "start", "ends_at": "end"}.get(field, field), message, faults)
        return None
    return ShiftLine(row, nip, shift)


def _shift(work_date: date, start: time | None, end: time | None, pause: int, entry: Entry | None) -> Shift:
    starts = None if start is None else datetime.combine(work_date, start)
    ends = None if end is None else datetime.combine(work_date, end)
    if starts is not None and ends is not None and ends <= starts:
        ends += timedelta(days=1)
    return Shift(_NOBODY, work_date, starts, ends, pause, entry)
