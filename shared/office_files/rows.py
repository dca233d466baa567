"""A row of a file, whose values are read by column: each refusal names line, column, value and what would be correct."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from shared.office_files.cells import Cell, FormattedNumber, Unreadable, kind_of, shown
from shared.office_files.faults import Faults, shortened
from shared.office_files.text import is_formula_or_error, lost_digits, misread

__all__ = ["Row", "date_of", "time_of"]

EXACT_DIGITS: Final = 15
"""The exact digits of a spreadsheet's number; further ones become zeros."""
YEARS: Final = range(1950, 2101)
_MONTHS: Final = {
    word: number
    for number, words in enumerate(
        (
            "januari january jan", "februari february pebruari feb peb", "maret march mar", "april apr", "mei may",
            "juni june jun", "juli july jul", "agustus august agu agt ags aug", "september sept sep",
            "oktober october okt oct", "november nopember nov nop", "desember december des dec",
        ),
        start=1,
    )
    for word in words.split()
}  # fmt: skip
_LAST_MONTH: Final = 12
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]00:00(?::00)?)?")
_DAY_FIRST: Final = re.compile(r"([0-9]{2})([/.-])([0-9]{2})\2([0-9]{4})")
_WRITTEN: Final = re.compile(r"([0-9]{1,2})[ -]([A-Za-z]+)\.?[ -]([0-9]{4})")
_TIME: Final = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]00)?(?: ?([AP])M)?", re.IGNORECASE)
"""Indonesian locales write 07.30, American ones 7:30:00 AM."""
_DATE_WORDS: Final = (
    "must be a date like 2026-12-31, 31/12/2026 or 31 Desember 2026: day before month, both with two digits"
    f" (03/08/2026 is 3 August), and a year from {YEARS.start} to {YEARS.stop - 1} with four"
)
_TIME_WORDS: Final = "must be a time from 00:00 to 23:59 like 07:30, or empty"


@dataclass(frozen=True, slots=True)
class Row:
    """A row below the header. `line` is the row's number in a spreadsheet, from 1."""

    line: int
    sheet: str | None
    cells: Mapping[str, Cell]
    """Column → value; columns that are blank here, or that the file does not have, are left out."""
    titles: Mapping[str, str]
    """Column → its name in the file."""
    empty_results: frozenset[str] = frozenset()
    """Columns that are blank here because the result of their formula is empty."""

    def refuse(self, name: str, message: str, faults: Faults) -> None:
        """Records a fault of this row in a column."""
        place = {} if self.sheet is None else {"sheet": self.sheet}
        title = self.titles.get(name, name)
        value = shortened(shown(self.cells.get(name, "")))
        faults.note(
            {**place, "line": self.line, "field": name, "column": title, "value": value, "message": message},
        )

    def text(self, name: str, faults: Faults, *, required: bool = False) -> str:
        """The text; empty if the cell is blank or is not text."""
        value = self._value(name, faults, required=required)
        if isinstance(value, str):
            return self._checked(name, value, faults)
        if isinstance(value, FormattedNumber):
            return self._number(name, value.value, faults, number_format=value.number_format)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(name, value, faults)
        self.refuse(
            name, f"must be text; this is {kind_of(value)}. Format the column as text and type it again", faults
        )
        return ""

    def date(self, name: str, faults: Faults, *, required: bool = False) -> date | None:
        """The date; None if the cell is blank or is not a date."""
        value = self._value(name, faults, required=required)
        if value == "":
            return None
        found = date_of(value)
        if found is None or found.year not in YEARS:
            hint = "" if found or isinstance(value, str) else f"; this is {kind_of(value)}. Format the column as dates"
            self.refuse(name, _DATE_WORDS + hint, faults)
            return None
        if (
            isinstance(value, str)
            and _DAY_FIRST.fullmatch(value)
            and found.day <= _LAST_MONTH
            and found.day != found.month
        ):
            faults.note_day_first(self.line, self.titles.get(name, name), value, found)
        return found

    def time(self, name: str, faults: Faults) -> time | None:
        """The time of day in whole minutes; None if the cell is blank or is not such a time."""
        value = self._value(name, faults, required=False)
        if value == "":
            return None
        found = time_of(value)
        if found is None:
            hint = (
                ""
                if isinstance(value, str | time | timedelta)
                else f"; this is {kind_of(value)}. Format the column as times"
            )
            self.refuse(name, _TIME_WORDS + hint, faults)
        return found

    def _value(self, name: str, faults: Faults, *, required: bool) -> Cell:
        value = self.cells.get(name, "")
        if isinstance(value, Unreadable):
            self.refuse(name, value.message, faults)
            return ""
        if required and value == "":
            self.refuse(name, "must not be empty", faults)
        elif name in self.empty_results:
            faults.note_empty_result(self.line, self.titles[name])
        return value

    def _checked(self, name: str, value: str, faults: Faults) -> str:
        if lost_digits(value):
            self.refuse(name, _LOST_WORDS, faults)
            return ""
        if is_formula_or_error(value):
            words = (
                "must be a value; this is a formula, or the error of one. Correct it in the spreadsheet and save that"
            )
            self.refuse(name, words, faults)
            return ""
        if misread(value):
            words = "must have readable letters; these were read in a wrong encoding when the file was made. Type them again"
            self.refuse(name, words, faults)
            return ""
        if not value.isprintable():
            self.refuse(name, "must have printable characters only; this has control characters", faults)
            return ""
        return value

    def _number(self, name: str, value: float, faults: Faults, *, number_format: str = "") -> str:
        """The digits of a whole number. `number_format`: the one that makes the spreadsheet show something else."""
        if abs(value) >= 10**EXACT_DIGITS:
            self.refuse(name, _LOST_WORDS, faults)
        elif number_format:
            words = (
                f"must be text; this is a number, and the format {shortened(number_format)} shows it in another form"
            )
            self.refuse(name, f"{words}. Format the column as text and type the value again as it must be read", faults)
        elif value == int(value):
            return str(int(value))
        else:
            words = (
                "must be text; this is a number, and as numbers 1.1 and 1.10 are the same. Format the column as text"
            )
            self.refuse(name, f"{words} and type it again", faults)
        return ""


_LOST_WORDS: Final = (
    "must be text; the spreadsheet has changed it to a number, and a number has only"
    f" {EXACT_DIGITS} exact digits: the others are lost. Format the column as text, then type or paste the value again"
)


def date_of(value: Cell) -> date | None:
    """The date in a cell or in its text; None if there is none."""
    if isinstance(value, datetime):
        return value.date() if value.time() == time() else None
    if isinstance(value, date):
        return value
    return _written_date(value) if isinstance(value, str) else None


def _written_date(text: str) -> date | None:
    if found := _ISO.fullmatch(text):
        year, month, day = found[1], int(found[2]), found[3]
    elif found := _DAY_FIRST.fullmatch(text):
        year, month, day = found[4], int(found[3]), found[1]
    elif found := _WRITTEN.fullmatch(text):
        year, month, day = found[3], _MONTHS.get(found[2].casefold(), 0), found[1]
    else:
        return None
    try:
        return date(int(year), month, int(day))
    except ValueError:
        return None


def time_of(value: Cell) -> time | None:
    """The time of day in a cell or in its text; None if there is none."""
    if isinstance(value, str) and (found := _TIME.fullmatch(value)):
        return _written_time(int(found[1]), int(found[2]), (found[3] or "").upper())
    if isinstance(value, time):
        day = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
        return _time_of_day(day)
    return _time_of_day(value) if isinstance(value, timedelta) else None


def _written_time(hour: int, minute: int, half: str) -> time | None:
    """`half`: A for AM, P for PM, empty for a 24-hour clock."""
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "P" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _time_of_day(since_midnight: timedelta) -> time | None:
    # A spreadsheet stores times as fractions of a day: 07:30 may be some microseconds off.
    minutes, rest = divmod(since_midnight + timedelta(milliseconds=500), timedelta(minutes=1))
    if rest >= timedelta(seconds=1) or not 0 <= minutes < 24 * 60:
        return None
    return time(minutes // 60, minutes % 60)
