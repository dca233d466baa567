"""docs/office-files.md and the sample files say what the service reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from services.attendance.people.file_columns import ROSTER_COLUMNS, SHIFT_COLUMNS
from services.attendance.people.roster.file import read_roster_file
from services.attendance.people.rules.nip import InvalidNipError, read_nip
from services.attendance.shifts.shift_file import read_shift_file
from shared.errors.errors import InvalidError
from shared.office_files import Column, Faults
from shared.office_files.sample_file import sample_csv

ROOT = Path(__file__).parents[3]
TODAY = date(2026, 11, 30)
REAL = ["198503172010011002", "199009132025212001"]


@pytest.mark.parametrize("columns", [ROSTER_COLUMNS, SHIFT_COLUMNS], ids=["officers", "shifts"])
def test_every_column_is_documented_with_its_names(columns: Sequence[Column]) -> None:
    document = (ROOT / "docs" / "office-files.md").read_text()
    for column in columns:
        needed = "yes" if column.required else "no"
        assert f"| `{column.name}` | {needed} | {', '.join(column.synonyms)} | {column.meaning} |\n" in document


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_sample_files_have_no_fault_but_their_own_lines(form: str) -> None:
    officers, shifts = ((ROOT / "examples" / f"{name}.{form}").read_bytes() for name in ("roster", "shifts"))
    for read in (lambda: read_roster_file(officers, TODAY, Faults()), lambda: read_shift_file(shifts, Faults())):
        with pytest.raises(InvalidError) as refused:
            read()
        faults = refused.value.errors or []
        assert [(fault["line"], fault["column"], fault["value"]) for fault in faults] == [
            (line, "NIP", nip) for line, nip in enumerate(ROSTER_COLUMNS[0].samples, start=2)
        ]
        assert {fault["message"] for fault in faults} == {
            "must be your own: this line is from the sample file. Delete it"
        }


def test_the_sample_files_can_be_imported_once_their_nips_are_real() -> None:
    first, second = ROSTER_COLUMNS[0].samples
    officers, shifts = (
        (ROOT / "examples" / f"{name}.csv").read_text().replace(first, REAL[0]).replace(second, REAL[1]).encode()
        for name in ("roster", "shifts")
    )
    lines = read_roster_file(officers, TODAY, Faults())
    assert [line.nip for line in lines] == [line.nip for line in read_shift_file(shifts, Faults())] == REAL
    assert lines[1].superior_nip == REAL[0]


@pytest.mark.parametrize("employment_type", ["PNS", "PPPK"])
def test_no_officer_can_have_a_nip_of_the_samples(employment_type: str) -> None:
    for nip in ROSTER_COLUMNS[0].samples:
        with pytest.raises(InvalidNipError, match="aged"):
            read_nip(nip, employment_type, TODAY)


def test_the_sample_csv_files_are_those_of_the_command() -> None:
    for name, columns in (("roster", ROSTER_COLUMNS), ("shifts", SHIFT_COLUMNS)):
        assert (ROOT / "examples" / f"{name}.csv").read_bytes() == sample_csv(columns)
