"""A small table of three columns, and how it reads."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared.errors.errors import InvalidError
from shared.office_files import Column, Faults, Row, read_rows
from tests.unit.shared.office_files.workbooks import workbook

WRITTEN = Path(__file__).parents[3] / "fixtures" / "office_files"


COLUMNS = (
    Column("nip", ("NIP", "No. Induk Pegawai"), "", ("", ""), required=True),
    Column("day", ("Tanggal",), "", ("", ""), required=True, kind="date"),
    Column("start", ("Mulai",), "", ("", ""), kind="time"),
)


TODAY = date(2026, 11, 30)


def rows_of(body: bytes | str) -> list[Row]:
    faults = Faults()
    rows = read_rows(body if isinstance(body, bytes) else body.encode(), COLUMNS, faults)
    assert faults == []
    return rows


def texts(body: bytes | str) -> list[tuple[int, str]]:
    return [(row.line, row.text("nip", Faults())) for row in rows_of(body)]


def refusal(body: bytes | str) -> str:
    with pytest.raises(InvalidError) as refused:
        rows_of(body)
    return refused.value.detail


def fault(value: Any, column: str) -> dict[str, Any]:
    """The fault reported for a workbook's value in a column."""
    cells = {"nip": "1", "day": date(2026, 1, 1), "start": None} | {column: value}
    [row] = rows_of(workbook([list(cells), list(cells.values())]))
    faults = Faults()
    read = {"nip": row.text, "day": row.date, "start": row.time}[column]
    read(column, faults)
    [found] = faults
    return found
