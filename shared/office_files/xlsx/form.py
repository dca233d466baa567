"""XLSX: the values of the visible sheet with the table. Formulas are not computed; their stored result is used.

Formulas without one, and cells merged into another, are marked: nobody sees on the screen that they have no value.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from shared.errors.errors import InvalidError
from shared.office_files.cells import (
    EMPTY_RESULT,
    Cell,
    EmptyResult,
    FormattedNumber,
    SheetError,
    Unreadable,
    is_empty,
    merged_into,
)
from shared.office_files.columns import Column
from shared.office_files.faults import shortened
from shared.office_files.table import RawRow, has_nip, known_titles
from shared.office_files.text import clean
from shared.office_files.xlsx.package import checked_package

__all__ = ["Sheet", "table_sheet"]

CELLS_MAX: Final = 2_000_000
"""Limit of a sheet, including blank cells to the left of a value: a value far to the right makes wide rows."""
ROWS_MAX: Final = 1_048_576
"""Excel's limit of rows in a sheet."""
SHEETS_MAX: Final = 20
_TABLE_TITLES: Final = 2
"""A sheet with this many known column names in a row is a table of this kind, perhaps with a misspelt name."""
_DAMAGES: Final = (
    ArithmeticError, AttributeError, BadZipFile, EOFError, KeyError, IndexError, OSError, ParseError, TypeError, ValueError,
)  # fmt: skip
"""What openpyxl raises for missing or wrong parts: it has no own error type for them."""

Sheet = tuple[str, list[RawRow]]


def table_sheet(body: bytes, columns: Sequence[Column]) -> Sheet:
    """Name and rows of the sheet with the table: hidden sheets and those without its columns are left out.

    Raises InvalidError for a file that cannot be read, and if two visible sheets have a table.
    """
    sheets = _visible_sheets(checked_package(body))
    tables = [sheet for sheet in sheets if known_titles(sheet[1], columns) >= _TABLE_TITLES]
    if len(tables) > 1:
        names = ", ".join(shortened(name) for name, _ in tables)
        raise InvalidError(f"The workbook has {len(tables)} sheets with a table: {names}. Put all lines on one sheet.")
    found = tables or sheets
    if not found:
        raise InvalidError("The workbook has no visible sheet with a value.")
    nameless = [name for name, rows in sheets if name != found[0][0] and any(map(has_nip, rows))]
    if nameless:
        names = ", ".join(map(shortened, nameless))
        raise InvalidError(
            f"Only the sheet {shortened(found[0][0])} would be read, but these have numbers like a NIP too: {names}."
            " Put all lines on one sheet, or hide the others."
        )
    return found[0]


def _visible_sheets(package: io.BytesIO) -> list[Sheet]:
    """The visible sheets that are not empty. Raises InvalidError."""
    from openpyxl import load_workbook  # takes 15 MB and half a second, needed only for a workbook

    try:
        with warnings.catch_warnings(action="ignore"):  # about parts that are not used here
            workbook = load_workbook(package, read_only=True, data_only=True, keep_links=False)
            visible = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
            if len(visible) > SHEETS_MAX:
                raise InvalidError(
                    f"The workbook has more than {SHEETS_MAX} visible sheets: send the one with the table."
                )
            sheets = [(clean(sheet.title), _rows(sheet)) for sheet in visible]
    except _DAMAGES as error:
        raise InvalidError("The workbook cannot be read: open it, save it as XLSX again and send that.") from error
    return [sheet for sheet in sheets if sheet[1]]


def _rows(sheet: Any) -> list[RawRow]:
    from shared.office_files.xlsx.sheet_parser import parser_of

    found: list[RawRow] = []
    count = line = 0
    with parser_of(sheet) as parser:
        for next_line, cells in parser.parse():
            if not line < next_line <= ROWS_MAX:
                raise ValueError("row numbers")
            line = next_line
            values: list[Cell] = [""] * max((cell["column"] for cell in cells), default=0)
            count += len(values)
            _check_count(count)
            for cell in cells:
                values[cell["column"] - 1] = _value(cell["value"], cell["data_type"])
            while values and values[-1] == "":
                values.pop()
            if not all(map(is_empty, values)):
                found.append((line, values))
        areas = parser.merged_cells.mergeCell if parser.merged_cells else ()
    _flag_merged(dict(found), areas)
    return found


def _check_count(count: int) -> None:
    if count > CELLS_MAX:
        raise InvalidError(f"A sheet has more than {CELLS_MAX} cells. Copy the table alone into a new workbook.")


def _flag_merged(rows: Mapping[int, list[Cell]], areas: Sequence[Any]) -> None:
    """Only the first of merged cells has the value; the others are marked, because they look filled on the screen."""
    if not rows:
        return
    last, width = max(rows), max(map(len, rows.values()))
    count = 0
    for area in areas:
        first = rows.get(area.min_row, [])
        left, right, bottom = area.min_col - 1, min(area.max_col, width), min(area.max_row, last)
        if left >= len(first) or first[left] in ("", EMPTY_RESULT):
            continue
        count += (right - left) * (bottom - area.min_row + 1)
        _check_count(count)
        for line in range(area.min_row, bottom + 1):
            if (cells := rows.get(line)) is None:
                continue
            begin = left + 1 if line == area.min_row else left
            cells.extend([""] * (right - len(cells)))
            cells[begin:right] = [merged_into(area.coord)] * (right - begin)


def _value(value: Any, data_type: str) -> Cell:
    if value is None:
        return ""
    if data_type == "e" and isinstance(value, str):
        return SheetError(value)
    if isinstance(value, str):
        return clean(value)
    if isinstance(
        value, bool | int | float | date | datetime | time | timedelta | Unreadable | EmptyResult | FormattedNumber
    ):
        return value
    raise TypeError(type(value).__name__)
