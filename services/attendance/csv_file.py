"""Reads a CSV file of an office: UTF-8, comma or semicolon, a header; every fault with its line and field."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from shared.errors import InvalidError

__all__ = ["FAULTS_MAX", "Faults", "read_date", "read_rows"]

FAULTS_MAX: Final = 500
"""With so many faults nobody reads on; a file with that many is refused like any other."""
YEARS: Final = range(1950, 2101)


class Faults(list[dict[str, Any]]):
    """What is wrong, by line (from 1, the header included) and field; messages never repeat a value: it may be personal."""

    def note(self, line: int, field: str, message: str) -> None:
        if len(self) < FAULTS_MAX:
            self.append({"line": line, "field": field, "message": message})

    @property
    def full(self) -> bool:
        """Whether further faults are not noted any more: what is read from then on may not be used."""
        return len(self) >= FAULTS_MAX


def read_rows(
    body: bytes, required: Sequence[str], optional: Sequence[str], faults: Faults
) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines after the header, which is line 1, as column → text without blanks around; empty lines are left out.

    Raises InvalidError where the file as a whole cannot be read; notes a fault for a line that cannot.
    """
    try:
        content = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError(f"The file is not UTF-8 (at byte {error.start}): save it as CSV UTF-8.") from error
    if "\x00" in content:
        raise InvalidError("The file holds NUL characters: save it as CSV UTF-8.")
    header, _, _ = content.partition("\n")
    reader = csv.reader(io.StringIO(content), delimiter=";" if header.count(";") > header.count(",") else ",")
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        _check_header(names, required, optional)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                faults.note(reader.line_num, "line", f"has {len(cells)} fields, the header {len(names)}")
                continue
            yield reader.line_num, {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    except csv.Error as error:
        faults.note(reader.line_num, "line", f"is not CSV: {error}")


def _check_header(names: list[str], required: Sequence[str], optional: Sequence[str]) -> None:
    missing = [name for name in required if name not in names]
    unknown = [name for name in names if name not in (*required, *optional)]
    if missing or unknown or len(names) != len(set(names)):
        expected = ",".join((*required, *optional))
        detail = f"{len(unknown)} unknown columns, missing: {', '.join(missing) or 'none'}"
        raise InvalidError(f"The first line names the columns, each once: {expected}. Here: {detail}.")


def read_date(line: int, field: str, value: str, faults: Faults) -> date | None:
    """A date like 2026-01-01; None, and a fault, for anything else."""
    try:
        found = date.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.year not in YEARS or len(value) != len("2026-01-01"):
        faults.note(line, field, f"is a date like 2026-01-01, from {YEARS.start} to {YEARS.stop - 1}")
        return None
    return found
