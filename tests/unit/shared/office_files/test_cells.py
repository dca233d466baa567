"""Single cells: numbers that lost digits, wrong kinds, dates and times."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from shared.office_files import Faults
from tests.unit.shared.office_files.reading import fault, rows_of, texts
from tests.unit.shared.office_files.workbooks import sheet_xml, workbook


@pytest.mark.parametrize("written", ["198501012010011003", 198501012010011003, "1,98501E+17", "1.98501E+17", 1e300])
def test_a_long_number_that_lost_its_digits_is_told_how_to_keep_them(written: Any) -> None:
    if written == "198501012010011003":
        assert texts(workbook([["nip", "day"], [written, "x"]])) == [(2, written)]
        return
    assert "lost. Format the column as text" in fault(written, "nip")["message"]


@pytest.mark.parametrize(
    ("value", "column", "words"),
    [
        (True, "nip", "TRUE or FALSE"),
        (date(2026, 2, 1), "nip", "this is a date"),
        (1.1, "nip", "1.1 and 1.10"),
        ("\x7f", "nip", "control"),
        (45000, "day", "a number. Format the column as dates"),
        (datetime(2026, 2, 1, 7), "day", "a date with a time"),  # noqa: DTZ001 - local
        (date(1900, 3, 1), "day", "from 1950 to 2100"),
        (7.3, "start", "a number. Format the column as times"),
        (time(7, 30, 20), "start", "must be a time"),
        (timedelta(hours=30), "start", "must be a time"),
        ("24:00", "start", "must be a time"),
        ("13:00 PM", "start", "must be a time"),
    ],
)
def test_a_cell_of_another_kind_is_told_what_it_is(value: Any, column: str, words: str) -> None:
    assert words in fault(value, column)["message"]


def test_the_error_of_a_formula_is_named() -> None:
    body = sheet_xml(
        '<row r="1"><c r="A1" t="str"><v>nip</v></c><c r="B1" t="str"><v>day</v></c></row>'
        '<row r="2"><c r="A2" t="e"><f>NA()</f><v>#N/A</v></c><c r="B2"><f>1+1</f><v>2</v></c></row>'
    )
    [row] = rows_of(body)
    faults = Faults()
    assert (row.text("nip", faults), row.text("day", faults)) == ("", "2")
    assert (faults[0]["value"], "the formula error #N/A" in faults[0]["message"]) == ("#N/A", True)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("2026-08-03", date(2026, 8, 3)),
        ("2026-08-03 00:00:00", date(2026, 8, 3)),
        ("03/08/2026", date(2026, 8, 3)),
        ("31-12-2025", date(2025, 12, 31)),
        ("31.12.2025", date(2025, 12, 31)),
        ("31 Desember 2025", date(2025, 12, 31)),
        ("1 agt 2025", date(2025, 8, 1)),
        ("1-Mei-2025", date(2025, 5, 1)),
        ("12/31/2025", None),
        ("3/8/2026", None),
        ("03/08/26", None),
        ("31/02/2025", None),
        ("31/12-2025", None),
        ("1 Januar 2025", None),
        ("20260803", None),
        ("1949-12-31", None),
    ],
)
def test_dates_are_read_day_first_or_refused(written: str, found: date | None) -> None:
    [row] = rows_of(f"nip;day\n1;{written}")
    faults = Faults()
    assert row.date("day", faults) == found
    assert [each["value"] for each in faults] == ([] if found else [written])


@pytest.mark.parametrize("written", ["03/08/2026", "3 Agustus 2026", "13/08/2026", "08/08/2026", "2026-08-03"])
def test_a_date_that_could_be_another_is_in_the_notes(written: str) -> None:
    [row] = rows_of(f"nip;day\n1;{written}")
    faults = Faults()
    row.date("day", faults)
    assert [note.count("03/08/2026") for note in faults.notes] == ([1] if written == "03/08/2026" else [])


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("07:30", time(7, 30)),
        ("7.30", time(7, 30)),
        ("07:30:00", time(7, 30)),
        ("12:15 AM", time(0, 15)),
        ("9:00:00 pm", time(21)),
        (time(7, 29, 59, 999_900), time(7, 30)),
        (timedelta(hours=7, minutes=30), time(7, 30)),
    ],
)
def test_times_are_read_as_spreadsheets_write_them(written: Any, found: time) -> None:
    [row] = rows_of(workbook([["nip", "day", "start"], ["1", "x", written]]))
    assert row.time("start", Faults()) == found
