"""The values that a cell can have, also those that no text, number, date or time describes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from shared.office_files.text import clean

__all__ = [
    "EMPTY_RESULT",
    "NOT_COMPUTED",
    "Cell",
    "EmptyResult",
    "FormattedNumber",
    "SheetError",
    "Unreadable",
    "is_empty",
    "kind_of",
    "merged_into",
    "shown",
]


@dataclass(frozen=True, slots=True)
class SheetError:
    """The error that a spreadsheet shows when a formula has no value, as in #N/A."""

    code: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that is filled on the screen, but whose value is not in the file."""

    message: str
    """What it must be, as in a fault."""
    merged: bool = False
    """Whether it is merged into another cell, which has the value."""


@dataclass(frozen=True, slots=True)
class EmptyResult:
    """A formula whose result is an empty text, as that of =IF(A1="";"";A1). It is blank, but not because nobody filled it."""


@dataclass(frozen=True, slots=True)
class FormattedNumber:
    """A number that the spreadsheet shows with other characters than its digits, as 7 with the format 000 is shown as 007."""

    value: float
    number_format: str


EMPTY_RESULT: Final = EmptyResult()
NOT_COMPUTED: Final = Unreadable(
    "must be a value; this is a formula whose result is not in the file. Open the file in Excel or LibreOffice, save it"
    " there and send it again"
)


def merged_into(area: str) -> Unreadable:
    """A cell of the area, such as C2:C3, except the first."""
    return Unreadable(
        f"must be a cell of its own; this belongs to the merged cells {area}, and only the first of them has the value."
        " Unmerge them and fill each cell",
        merged=True,
    )


Cell = (
    str
    | int
    | float
    | bool
    | date
    | datetime
    | time
    | timedelta
    | SheetError
    | Unreadable
    | EmptyResult
    | FormattedNumber
)
"""A value from the file; a CSV file has only texts, cleaned."""


def is_empty(cell: Cell) -> bool:
    """Whether the cell has no value of its own."""
    return cell == "" or cell is EMPTY_RESULT or (isinstance(cell, Unreadable) and cell.merged)


def kind_of(value: Cell) -> str:
    """What the value is, for a message."""
    match value:
        case SheetError():
            return f"the formula error {value.code}"
        case bool():
            return "TRUE or FALSE"
        case datetime() if value.time() != time():
            return "a date with a time"
        case date():
            return "a date"
        case time() | timedelta():
            return "a time"
        case str():
            return "a text"
        case _:
            return "a number"


def shown(value: Cell) -> str:
    """The value as a person would write it."""
    match value:
        case SheetError():
            return value.code
        case Unreadable() | EmptyResult():
            return ""
        case FormattedNumber():
            return shown(value.value)
        case bool():
            return str(value).upper()
        case datetime():
            return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
        case date() | time():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return clean(str(value))
