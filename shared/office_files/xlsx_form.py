"""XLSX: the values of the visible sheet with the table. Formulas are not computed; their stored result is used."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from shared.errors import InvalidError
from shared.office_files.columns import Column
from shared.office_files.faults import shortened
from shared.office_files.package import checked_package
from shared.office_files.rows import Cell, SheetError
from shared.office_files.table import RawRow, known_titles
from shared.office_files.text import clean

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
    return found[0]


def _visible_sheets(package: io.BytesIO) -> list[Sheet]:
    """The visible sheets that are not empty."""
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
    sheet.reset_dimensions()  # some programs write wrong ones, and cells outside would be left out
    found = []
    count = 0
    for line, cells in enumerate(sheet.iter_rows(min_row=1, max_row=ROWS_MAX), start=1):
        count += len(cells)
        if count > CELLS_MAX:
            raise InvalidError(f"A sheet has more than {CELLS_MAX} cells. Copy the table alone into a new workbook.")
        values = [_value(cell) for cell in cells]
        while values and values[-1] == "":
            values.pop()
        if values:
            found.append((line, values))
    return found


def _value(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "e":
        return SheetError(str(value))
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool | int | float | date | datetime | time | timedelta):
        return value
    raise TypeError(type(value).__name__)
