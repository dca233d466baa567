"""Turns the rows of a sheet into the rows of a table: finds the header, leaves out blank cells and rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

from shared.errors.errors import InvalidError
from shared.office_files.cells import EMPTY_RESULT, Cell, FormattedNumber, is_empty, shown
from shared.office_files.columns import Column, Header, column_letters, header_of, known_names_in
from shared.office_files.faults import Faults, shortened
from shared.office_files.rows import Row, date_of, time_of
from shared.office_files.text import lost_digits

__all__ = ["RawRow", "has_nip", "known_titles", "rows_of_table"]

HEADER_ROWS_MAX: Final = 20
"""A title, a date or similar may be above the header."""
NIP_DIGITS_MIN: Final = 15
"""Of 18: a NIP may lack some. A telephone number or a date has fewer."""
_AROUND_NIP: Final = re.compile(r"(?:nip|ni)?(?:baru|pppk)?")
"""The letters that may stand beside a NIP; a title with a person's NIP has other words too."""

RawRow = tuple[int, list[Cell]]
"""A row's number from 1 and its cells; a blank cell is an empty text."""


def known_titles(rows: Sequence[RawRow], columns: Sequence[Column]) -> int:
    """How many known column names a possible header row has."""
    return max((len(known_names_in(_texts(cells), columns)) for _, cells in _first(rows)), default=0)


def rows_of_table(rows: Sequence[RawRow], columns: Sequence[Column], sheet: str | None, faults: Faults) -> list[Row]:
    """The rows below the header that contain a value. Records faults for values in columns without a name, and for lines
    of the sample file.

    Raises InvalidError if no row has column names, a row above it has data, or no row follows it.
    """
    header = _header(rows, columns)
    found = []
    for line, cells in rows:
        if line <= header.line or all(map(is_empty, cells)):
            continue
        row = _row(line, cells, header, sheet, faults)
        if _is_sample(row, columns[0]):
            row.refuse(columns[0].name, "must be your own: this line is from the sample file. Delete it", faults)
        else:
            found.append(row)
    if not found and not faults:
        raise InvalidError(f"There is nothing below the column names in line {header.line}: the file has no entry.")
    return found


def _row(line: int, cells: Sequence[Cell], header: Header, sheet: str | None, faults: Faults) -> Row:
    values: dict[str, Cell] = {}
    empty_results = set()
    for place, cell in enumerate(cells):
        name = header.places[place] if place < len(header.places) else None
        if cell == "":
            continue
        if cell is EMPTY_RESULT:
            if name is not None:
                empty_results.add(name)
        elif name is not None:
            values[name] = cell
        elif place >= len(header.places) or place in header.nameless:
            faults.note(_nameless(line, place, cell, sheet))
    return Row(line, sheet, values, header.titles, frozenset(empty_results))


def _header(rows: Sequence[RawRow], columns: Sequence[Column]) -> Header:
    first = _first(rows)
    if not first:
        raise InvalidError("The file is empty.")
    # The first row with the most known names; the first row of all if none has any.
    line, cells = max(first, key=lambda row: len(known_names_in(_texts(row[1]), columns)))
    header = header_of(line, _texts(cells), columns)
    width = _filled(cells)
    above = [
        str(row[0])
        for row in first
        if row[0] < line and (has_nip(row) or _filled(row[1]) >= width or _fits_a_column(row[1], header, columns))
    ]
    if above:
        raise InvalidError(
            f"The column names are in line {line}, but there is data above them, as when a table is sorted with its header:"
            f" line {', '.join(above)}. Put the column names above all data; a title has fewer filled cells than they."
        )
    return header


def has_nip(row: RawRow) -> bool:
    """Whether a row has a number like a NIP, also with marks between its digits, or what a spreadsheet made of one."""
    values = (cell.value if isinstance(cell, FormattedNumber) else cell for cell in row[1])
    return any(_like_nip(shown(value)) for value in values if isinstance(value, str | int) or _is_whole(value))


def _is_whole(value: Cell) -> bool:
    return isinstance(value, float) and value.is_integer()


def _like_nip(text: str) -> bool:
    letters = "".join(filter(str.isalpha, text)).casefold()
    digits = sum(map(str.isdecimal, text))
    return lost_digits(text) or (digits >= NIP_DIGITS_MIN and _AROUND_NIP.fullmatch(letters) is not None)


def _fits_a_column(cells: Sequence[Cell], header: Header, columns: Sequence[Column]) -> bool:
    """Whether a row above the header has a date, a time or a known value in a column of such values."""
    column_of = {column.name: column for column in columns}
    return any(
        (column.kind == "date" and date_of(cell) is not None)
        or (column.kind == "time" and time_of(cell) is not None)
        or shown(cell).replace("_", " ").casefold() in column.values
        for cell, column in ((cell, column_of[name]) for cell, name in zip(cells, header.places, strict=False) if name)
    )


def _filled(cells: Sequence[Cell]) -> int:
    return sum(not is_empty(cell) for cell in cells)


def _is_sample(row: Row, key: Column) -> bool:
    """Whether the row has the value that identifies a line of the sample file."""
    return shown(row.cells.get(key.name, "")) in filter(None, key.samples)


def _first(rows: Sequence[RawRow]) -> list[RawRow]:
    filled = ((line, cells) for line, cells in rows if not all(map(is_empty, cells)))
    return list(islice(filled, HEADER_ROWS_MAX))


def _texts(cells: Sequence[Cell]) -> list[str]:
    return [shown(cell) for cell in cells]


def _nameless(line: int, place: int, cell: Cell, sheet: str | None) -> dict[str, object]:
    letters = column_letters(place)
    message = (
        "must be empty, since this column has no name in the header. In a CSV file, a value with a separator in it"
    )
    where = {} if sheet is None else {"sheet": sheet}
    return {
        **where,
        "line": line,
        "field": letters,
        "column": letters,
        "value": shortened(shown(cell)),
        "message": f"{message} must have quotes around it" if sheet is None else message.partition(". ")[0],
    }
