"""The faults of a file: each has the place, the value and what would be correct."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from shared.errors.errors import InvalidError

__all__ = ["FAULTS_MAX", "VALUE_CHARS_MAX", "Faults", "shortened"]

FAULTS_MAX: Final = 500
"""Further faults are not listed; the file is refused in any case."""
VALUE_CHARS_MAX: Final = 40
"""Enough to recognise a value; the file has the rest."""


class Faults(list[dict[str, Any]]):
    """Faults in the order of the file, at most FAULTS_MAX.

    Each has `line` (the row's number in a spreadsheet, from 1), `field` (the column's own name), `column` (its name in the
    file), `value` (from the file, shortened), `message` ("must …"), and `sheet` if the file has sheets.
    They are returned to the sender of the file. They contain personal data and are never logged.
    """

    _day_first = 0
    _first_date = ""
    _empty_results = 0
    _first_empty_result = ""

    def note(self, fault: dict[str, Any]) -> None:
        if len(self) < FAULTS_MAX:
            self.append(fault)

    @property
    def full(self) -> bool:
        """Whether further faults are no longer recorded: rows read after this must not be used."""
        return len(self) >= FAULTS_MAX

    def note_day_first(self, line: int, title: str, value: str, found: date) -> None:
        """Counts a date that would be another one with the month first."""
        self._day_first += 1
        self._first_date = self._first_date or f"{value} on line {line}, {title}, is {found.isoformat()}"

    def note_empty_result(self, line: int, title: str) -> None:
        """Counts a blank cell that has a formula: a program that does not compute formulas may have written it."""
        self._empty_results += 1
        self._first_empty_result = self._first_empty_result or f"{title} on line {line}"

    @property
    def notes(self) -> list[str]:
        """Warnings that the sender of the file should check, although nothing is refused."""
        notes = []
        if self._day_first:
            count = "1 date was" if self._day_first == 1 else f"{self._day_first} dates were"
            notes.append(f"{count} read day before month: {self._first_date}. Check that the file means this.")
        if self._empty_results:
            count = "1 formula" if self._empty_results == 1 else f"{self._empty_results} formulas"
            notes.append(
                f"The result of {count} is empty and was read as a blank cell: {self._first_empty_result}."
                " Check that the file means this."
            )
        return notes

    def refuse(self, subject: str) -> None:
        """Raises InvalidError with all faults, in the order of lines, if there are any. `subject`: "The roster"."""
        if self:
            count = (
                f"{FAULTS_MAX} faults or more" if self.full else "1 fault" if len(self) == 1 else f"{len(self)} faults"
            )
            text = f"{subject} has {count} and was not taken: nothing is changed. Correct what `errors` lists."
            raise InvalidError(text, errors=sorted(self, key=lambda fault: fault.get("line", 0)))


def shortened(value: str) -> str:
    """The value, cut to at most VALUE_CHARS_MAX characters."""
    return value if len(value) <= VALUE_CHARS_MAX else value[: VALUE_CHARS_MAX - 1] + "…"
