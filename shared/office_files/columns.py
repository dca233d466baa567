"""The columns that a file may have, their names, and how the header row is found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from shared.errors.errors import InvalidError
from shared.office_files.faults import shortened
from shared.office_files.text import clean

__all__ = ["Column", "Header", "column_letters", "header_of", "known_names_in"]

_DAY: Final = "(?:[dht]{1,2}|tgl|tanggal|hari)"
_MONTH: Final = "(?:[mb]{1,4}|bln|bulan)"
_YEAR: Final = "(?:[yt]{4}|yy|thn|tahun)"
_REMARKS: Final = re.compile(
    rf"\((?:{_DAY}[/. -]{_MONTH}[/. -]{_YEAR}|{_YEAR}[/. -]{_MONTH}[/. -]{_DAY}|[hj]{{1,2}}[:.]m{{1,2}}(?:[:.][sd]{{1,2}})?"
    r"|(?:harus )?18 (?:digit|angka)|teks|text|menit|minutes|wajib|wajib diisi|required|opsional|optional|boleh kosong|\*)\)",
    re.IGNORECASE,
)
"""Remarks on form, as in `Tanggal (dd/mm/yyyy)`. Other brackets are part of the name: `Email (Atasan)` is another column.

So is a date in an order in which no date is read: `Tanggal (mm/dd/yyyy)`.
"""
_DATE_ORDER: Final = re.compile(
    rf"\((?:{_DAY}|{_MONTH}|{_YEAR})(?:[/. -](?:{_DAY}|{_MONTH}|{_YEAR})){{1,2}}\)", re.IGNORECASE
)
_SEPARATORS: Final = re.compile(r"[\s_./*:-]+")
_RUNNING_NUMBERS: Final = frozenset({"no", "nomor", "no urut", "nomor urut"})
"""Office tables often begin with a running number, which is not data."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a kind of file."""

    name: str
    """The name in messages for programs, and in files."""
    synonyms: tuple[str, ...]
    """Other names that a file may use; a sample file uses the first."""
    meaning: str
    """One sentence for the documentation."""
    samples: tuple[str, str]
    """The values of a sample file's two lines; dates as YYYY-MM-DD, times as HH:MM.

    Those of the first column identify the lines, which are refused: no real entry may have them.
    """
    required: bool = False
    """Whether a file must have this column; its cells may still be blank if `meaning` allows it."""
    kind: Literal["text", "date", "time"] = "text"
    values: frozenset[str] = frozenset()
    """Every value, in lower case and with blanks for underscores, if there are few; else empty."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header row: for each position from 0 the column's own name, or None if it is not read."""

    line: int
    places: tuple[str | None, ...]
    titles: dict[str, str]
    """A column's own name → its name in the file."""
    nameless: frozenset[int]
    """Positions without a name: cells below them must be empty."""


def known_names_in(cells: Sequence[str], columns: Sequence[Column]) -> set[str]:
    """The own names of the columns in the row."""
    known = _known(columns)
    return {known[word] for word in map(_compared, cells) if word in known}


def _known(columns: Sequence[Column]) -> dict[str, str]:
    """Every name that a file may use for a column, normalised → the column's own name."""
    return {_compared(word): column.name for column in columns for word in (column.name, *column.synonyms)}


def header_of(line: int, cells: Sequence[str], columns: Sequence[Column]) -> Header:
    """Raises InvalidError with the names that are missing, unknown or duplicated."""
    known = _known(columns)
    places: list[str | None] = []
    titles: dict[str, str] = {}
    unknown: list[str] = []
    twice: list[str] = []
    for cell in cells:
        name = known.get(_compared(cell))
        if name is None:
            if cell and _compared(cell) not in _RUNNING_NUMBERS:
                unknown.append(cell)
        elif name in titles:
            twice.append(f"{titles[name]} and {cell}" if titles[name] != cell else cell)
            name = None
        else:
            titles[name] = cell
        places.append(name)
    missing = [column.name for column in columns if column.required and column.name not in titles]
    if missing or unknown or twice:
        raise InvalidError(_words(line, missing, unknown, twice, columns))
    nameless = frozenset(place for place, cell in enumerate(cells) if not cell)
    return Header(line, tuple(places), titles, nameless)


def column_letters(place: int) -> str:
    """The spreadsheet's column name of a position from 0: A, B, … Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _compared(title: str) -> str:
    return _SEPARATORS.sub(" ", _REMARKS.sub("", clean(title))).strip().casefold()


def _words(line: int, missing: list[str], unknown: list[str], twice: list[str], columns: Sequence[Column]) -> str:
    parts = []
    if missing:
        parts.append(f"These columns are missing: {', '.join(missing)}.")
    if unknown:
        parts.append(f"These columns are not known: {', '.join(shortened(title) for title in unknown[:20])}.")
    if any(map(_DATE_ORDER.search, unknown)):
        parts.append("Dates are read day before month, or year first: a column's name must not state another order.")
    if twice:
        parts.append(f"These columns are duplicated: {', '.join(shortened(title) for title in twice[:20])}.")
    required = ", ".join(column.name for column in columns if column.required)
    optional = ", ".join(column.name for column in columns if not column.required)
    return (
        f"The column names in line {line} are not correct. {' '.join(parts)}"
        f" A file must have {required}; it may have {optional}. Their other names are in docs/office-files.md."
    )
