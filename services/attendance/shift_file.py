"""Reads a roster of shifts: CSV with a header, every fault with its line and field, and finds its officers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.csv_file import FAULTS_MAX, Faults, read_date, read_rows
from services.attendance.shifts import Entry, Shift, ShiftsReport, put_shifts, shift_fault
from shared.errors import InvalidError

__all__ = ["SHIFTS_MAX", "ShiftLine", "import_shifts", "read_shift_file", "refuse_faults"]

SHIFTS_MAX: Final = 20_000
"""Entries of one request: a month of 600 officers."""

_REQUIRED: Final = ("nip", "work_date", "start", "end")
_OPTIONAL: Final = ("break_minutes", "entry")
_BREAK_MAX: Final = 720
_OFFICERS = text("select nip, employee_id from employee where nip = any(cast(:nips as text[]))")
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """A line of the file, counted from 1 with the header; whose it is is still to be found."""

    line: int
    nip: str
    shift: Shift


def refuse_faults(faults: list[dict[str, Any]]) -> None:
    """Raises InvalidError where there are any."""
    if faults:
        words = "The roster of shifts was not taken: nothing is changed. Correct what `errors` lists."
        raise InvalidError(words, errors=faults[:FAULTS_MAX])


def read_shift_file(body: bytes) -> list[ShiftLine]:
    """All lines of the file. Raises InvalidError with every fault.

    Columns: `nip`, `work_date`, `start` and `end` as local HH:MM (an end not after the start is on the next date; both
    empty: a day off), and perhaps `break_minutes` and `entry` (`shift`, `off`, or `none`, which takes an entry back).
    """
    faults = Faults()
    lines = []
    for line, values in read_rows(body, _REQUIRED, _OPTIONAL, faults):
        found = _read_line(line, values, faults)
        if found is not None:
            lines.append(found)
    if len(lines) > SHIFTS_MAX:
        faults.note(lines[SHIFTS_MAX].line, "line", f"is one too many: a file has at most {SHIFTS_MAX} entries")
    refuse_faults(faults)
    return lines


async def import_shifts(session: AsyncSession, lines: list[ShiftLine]) -> ShiftsReport:
    """Keeps the entries of a file, all or none. Raises InvalidError with the lines that name nobody, or a date twice."""
    nips = sorted({line.nip for line in lines})
    known = {row.nip: row.employee_id for row in await session.execute(_OFFICERS, {"nips": nips})}
    faults = Faults()
    seen: dict[tuple[str, date], int] = {}
    for line in lines:
        if line.nip not in known:
            faults.note(line.line, "nip", "is no officer's: import the officers first")
        first = seen.setdefault((line.nip, line.shift.work_date), line.line)
        if first != line.line:
            faults.note(line.line, "work_date", f"of this officer is also on line {first}")
    refuse_faults(faults)
    return await put_shifts(session, [replace(line.shift, employee_id=known[line.nip]) for line in lines])


def _read_line(line: int, values: Mapping[str, str], faults: Faults) -> ShiftLine | None:
    before = len(faults)
    nip = values["nip"].replace(" ", "")
    if not (nip.isascii() and nip.isdigit() and len(nip) == 18):
        faults.note(line, "nip", "has 18 digits")
    work_date = read_date(line, "work_date", values["work_date"], faults)
    start, end = (_time(line, name, values[name], faults) for name in ("start", "end"))
    pause = values.get("break_minutes") or "0"
    if not (pause.isascii() and pause.isdigit() and len(pause) <= len(str(_BREAK_MAX)) and int(pause) <= _BREAK_MAX):
        faults.note(line, "break_minutes", f"is a whole number from 0 to {_BREAK_MAX}")
    entry = (values.get("entry") or "").lower() or None
    if entry is not None and entry not in set(Entry):
        faults.note(line, "entry", f"is one of {', '.join(Entry)}, or empty")
    if work_date is None or len(faults) > before or faults.full:
        return None
    shift = _shift(work_date, start, end, int(pause), None if entry is None else Entry(entry))
    fault = shift_fault(shift)
    if fault is not None:
        field, words = fault
        faults.note(line, {"starts_at": "start", "ends_at": "end"}.get(field, field), words)
        return None
    return ShiftLine(line, nip, shift)


def _shift(work_date: date, start: time | None, end: time | None, pause: int, entry: Entry | None) -> Shift:
    starts = None if start is None else datetime.combine(work_date, start)
    ends = None if end is None else datetime.combine(work_date, end)
    if starts is not None and ends is not None and ends <= starts:
        ends += timedelta(days=1)
    return Shift(_NOBODY, work_date, starts, ends, pause, entry)


def _time(line: int, field: str, value: str, faults: Faults) -> time | None:
    if not value:
        return None
    try:
        found = time.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or len(value) != len("07:30") or value[2] != ":":
        faults.note(line, field, "is a time like 07:30, or empty")
        return None
    return found
