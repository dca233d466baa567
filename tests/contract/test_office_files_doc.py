"""docs/office-files.md and the sample files say what the service reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from services.attendance.file_columns import ROSTER_COLUMNS, SHIFT_COLUMNS
from services.attendance.roster_file import read_roster_file
from services.attendance.shift_file import read_shift_file
from shared.office_files import Column, Faults
from shared.office_files.sample_file import sample_csv

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("columns", [ROSTER_COLUMNS, SHIFT_COLUMNS], ids=["officers", "shifts"])
def test_every_column_is_documented_with_its_names(columns: Sequence[Column]) -> None:
    document = (ROOT / "docs" / "office-files.md").read_text()
    for column in columns:
        needed = "yes" if column.required else "no"
        assert f"| `{column.name}` | {needed} | {', '.join(column.synonyms)} | {column.meaning} |\n" in document


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_sample_files_can_be_imported_as_they_are(form: str) -> None:
    officers = read_roster_file((ROOT / "examples" / f"roster.{form}").read_bytes(), date(2026, 11, 30), Faults())
    shifts = read_shift_file((ROOT / "examples" / f"shifts.{form}").read_bytes(), Faults())
    assert [line.nip for line in officers] == [line.nip for line in shifts] == list(ROSTER_COLUMNS[0].samples)
    assert {line.row.titles["nip"] for line in (*officers, *shifts)} == {"NIP"}


def test_the_sample_csv_files_are_those_of_the_command() -> None:
    for name, columns in (("roster", ROSTER_COLUMNS), ("shifts", SHIFT_COLUMNS)):
        assert (ROOT / "examples" / f"{name}.csv").read_bytes() == sample_csv(columns)
