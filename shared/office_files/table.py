"""Turns the rows of a sheet into the rows of a table: finds the header, leaves out blank cells and rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from shared.errors import InvalidError
from shared.office_files.columns import Column, Header, column_letters, header_of, known_names_in
from shared.office_files.faults import Faults, shortened
from shared.office_files.rows import Cell, Row, shown

__all__ = ["RawRow", "known_titles", "rows_of_table"]

HEADER_ROWS_MAX: Final = 20
"""A title, a date or similar may be above the header."""

RawRow = tuple[int, list[Cell]]
"""A row's number from 1 and its cells; a blank cell is an empty text."""


def known_titles(rows: Sequence[RawRow], columns: Sequence[Column]) -> int:
    """How many known column names a possible header row has."""
    return max((len(known_names_in(_texts(cells), columns)) for _, cells in _first(rows)), default=0)


def rows_of_table(rows: Sequence[RawRow], columns: Sequence[Column], sheet: str | None, faults: Faults) -> list[Row]:
    """The rows below the header that contain a value. Records a fault for a value in a column without a name.

    Raises InvalidError if no row has column names, or no row follows it.
    """
    header = _header(rows, columns)
    found = []
    for line, cells in rows:
        if line <= header.line or all(cell == "" for cell in cells):
            continue
        values: dict[str, Cell] = {}
        for place, cell in enumerate(cells):
            name = header.places[place] if place < len(header.places) else None
            if cell == "":
                continue
            if name is not None:
                values[name] = cell
            elif place >= len(header.places) or place in header.nameless:
                faults.note(_nameless(line, place, cell, sheet))
        found.append(Row(line, sheet, values, header.titles))
    if not found:
        raise InvalidError(f"There is nothing below the column names in line {header.line}: the file has no entry.")
    return found


def _header(rows: Sequence[RawRow], columns: Sequence[Column]) -> Header:
    first = _first(rows)
    if not first:
        raise InvalidError("The file is empty.")
    # The first row with the most known names; the first row of all if none has any.
    line, cells = max(first, key=lambda row: len(known_names_in(_texts(row[1]), columns)))
    return header_of(line, _texts(cells), columns)


def _first(rows: Sequence[RawRow]) -> list[RawRow]:
    filled = ((line, cells) for line, cells in rows if any(cell != "" for cell in cells))
    return list(islice(filled, HEADER_ROWS_MAX))


def _texts(cells: Sequence[Cell]) -> list[str]:
    return [shown(cell) for cell in cells]


def _nameless(line: int, place: int, cell: Cell, sheet: str | None) -> dict[str, object]:
    letters = column_letters(place)
    words = "must be empty, since this column has no name in the header. In a CSV file, a value with a separator in it"
    where = {} if sheet is None else {"sheet": sheet}
    return {
        **where,
        "line": line,
        "field": letters,
        "column": letters,
        "value": shortened(shown(cell)),
        "message": f"{words} must have quotes around it" if sheet is None else words.partition(". ")[0],
    }
