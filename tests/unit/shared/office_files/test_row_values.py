"""A row's values by column: what is read, and the whole text of each refusal."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from shared.errors.errors import InvalidError
from shared.office_files.cells import NOT_COMPUTED, Cell, FormattedNumber, SheetError
from shared.office_files.faults import Faults
from shared.office_files.rows import Row, date_of, time_of

LOST = (
    "must be text; the spreadsheet has changed it to a number, and a number has only 15 exact digits: the others are lost."
    " Format the column as text, then type or paste the value again"
)
FORMULA = "must be a value; this is a formula, or the error of one. Correct it in the spreadsheet and save that"
MISREAD = "must have readable letters; these were read in a wrong encoding when the file was made. Type them again"
DATE = (
    "must be a date like 2026-12-31, 31/12/2026 or 31 Desember 2026: day before month, both with two digits"
    " (03/08/2026 is 3 August), and a year from 1950 to 2100 with four"
)
TIME = "must be a time from 00:00 to 23:59 like 07:30, or empty"
MONTHS = ("jan", "pebruari", "maret", "apr", "mei", "juni", "jul", "agustus", "sept", "okt", "nopember", "december")
AS_TEXT = ". Format the column as text and type it again"
AS_DATES = ". Format the column as dates"
AS_TIMES = ". Format the column as times"

SHOWN_OTHERWISE = (
    "must be text; this is a number, and the format 000 shows it in another form. Format the column as text and type the value"
    " again as it must be read"
)


def row(value: Cell, sheet: str | None = "Lembar 1") -> Row:
    return Row(2, sheet, {} if value == "" else {"column": value}, {"column": "Kolom"})


def at(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - a spreadsheet's date has no zone


@pytest.mark.parametrize(
    ("value", "text", "message"),
    [
        ("dinas", "dinas", None),
        ("", "", None),
        (7, "7", None),
        (7.0, "7", None),
        (-7, "-7", None),
        (999_999_999_999_999, "999999999999999", None),
        (10**15, "", LOST),
        (-(10**15), "", LOST),
        ("1,98501E+17", "", LOST),
        (FormattedNumber(10**15, "000"), "", LOST),
        (
            FormattedNumber(7, "000"),
            "",
            SHOWN_OTHERWISE,
        ),
        (
            1.5,
            "",
            f"must be text; this is a number, and as numbers 1.1 and 1.10 are the same{AS_TEXT}",
        ),
        (True, "", f"must be text; this is TRUE or FALSE{AS_TEXT}"),
        (date(2026, 8, 3), "", f"must be text; this is a date{AS_TEXT}"),
        (SheetError("#N/A"), "", f"must be text; this is the formula error #N/A{AS_TEXT}"),
        ("=A1", "", FORMULA),
        ("Andr\u00c3\u00a9", "", MISREAD),
        ("a\x07b", "", "must have printable characters only; this has control characters"),
        (NOT_COMPUTED, "", NOT_COMPUTED.message),
    ],
)  # fmt: skip
def test_texts(value: Cell, text: str, message: str | None) -> None:
    faults = Faults()
    assert row(value).text("column", faults) == text
    told = [] if message is None else [("column", "Kolom", message)]
    assert [(fault["field"], fault["column"], fault["message"]) for fault in faults] == told


@pytest.mark.parametrize(
    ("value", "found", "message"),
    [
        ("2026-08-03", date(2026, 8, 3), None),
        (at(2026, 8, 3), date(2026, 8, 3), None),
        (date(1950, 1, 1), date(1950, 1, 1), None),
        (date(2100, 12, 31), date(2100, 12, 31), None),
        ("", None, None),
        ("1949-12-31", None, DATE),
        (date(1949, 12, 31), None, DATE),
        (date(2101, 1, 1), None, DATE),
        ("kemarin", None, DATE),
        (45_000, None, f"{DATE}; this is a number{AS_DATES}"),
        (at(2026, 8, 3, 7), None, f"{DATE}; this is a date with a time{AS_DATES}"),
    ],
)
def test_dates(value: Cell, found: date | None, message: str | None) -> None:
    faults = Faults()
    assert row(value).date("column", faults) == found
    told = [] if message is None else [("column", "Kolom", message)]
    assert [(fault["field"], fault["column"], fault["message"]) for fault in faults] == told


@pytest.mark.parametrize(
    ("value", "found", "message"),
    [
        ("07.30", time(7, 30), None),
        (time(7, 30), time(7, 30), None),
        ("", None, None),
        ("24:00", None, TIME),
        (time(7, 30, 20), None, TIME),
        (timedelta(hours=24), None, TIME),
        (7.3, None, f"{TIME}; this is a number{AS_TIMES}"),
        (True, None, f"{TIME}; this is TRUE or FALSE{AS_TIMES}"),
    ],
)
def test_times(value: Cell, found: time | None, message: str | None) -> None:
    faults = Faults()
    assert row(value).time("column", faults) == found
    told = [] if message is None else [("column", "Kolom", message)]
    assert [(fault["field"], fault["column"], fault["message"]) for fault in faults] == told


@pytest.mark.parametrize("sheet", [None, "Lembar 1"])
def test_a_required_value_is_missed_in_its_place(sheet: str | None) -> None:
    faults = Faults()
    assert row("", sheet).text("column", faults, required=True) == ""
    assert row("", sheet).date("other", faults, required=True) is None
    place = {} if sheet is None else {"sheet": sheet}
    blank = {**place, "line": 2, "value": "", "message": "must not be empty"}
    assert faults == [blank | {"field": "column", "column": "Kolom"}, blank | {"field": "other", "column": "other"}]


def test_a_blank_result_of_a_formula_is_in_the_notes_and_not_a_fault() -> None:
    faults = Faults()
    blank = Row(3, None, {}, {"column": "Kolom"}, frozenset({"column"}))
    assert (blank.text("column", faults), blank.text("other", faults)) == ("", "")
    assert faults == []
    assert faults.notes == [
        "The result of 1 formula is empty and was read as a blank cell: Kolom on line 3. Check that the file means this."
    ]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("2026-08-03T00:00", date(2026, 8, 3)),
        ("2026-08-03 00:00:01", None),
        ("2026-02-29", None),
        ("03.08.2026", date(2026, 8, 3)),
        ("3-agt.-2026", date(2026, 8, 3)),
        ("31 SEPTEMBER 2026", None),
        *((f"1 {month} 2026", date(2026, number, 1)) for number, month in enumerate(MONTHS, start=1)),
        (at(2026, 8, 3, 0, 0, 1), None),
        (7, None),
    ],
)  # fmt: skip
def test_the_date_in_a_cell(written: Cell, found: date | None) -> None:
    assert date_of(written) == found


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("0:00", time(0)),
        ("23:59", time(23, 59)),
        ("07.30.00", time(7, 30)),
        ("07:30:01", None),
        ("07:60", None),
        ("1:00 AM", time(1)),
        ("12:00AM", time(0)),
        ("12:59 pm", time(12, 59)),
        ("11:00 PM", time(23)),
        ("0:30 AM", None),
        ("13:00 AM", None),
        (time(23, 59, 59, 499_999), None),
        (time(7, 29, 59, 500_000), time(7, 30)),
        (time(7, 29, 59, 499_999), None),
        (time(7, 30, 0, 499_999), time(7, 30)),
        (time(7, 30, 0, 500_000), None),
        (timedelta(0), time(0)),
        (timedelta(hours=23, minutes=59), time(23, 59)),
        (timedelta(hours=24), None),
        (timedelta(milliseconds=-500), time(0)),
        (timedelta(milliseconds=-501), None),
        (date(2026, 8, 3), None),
    ],
)
def test_the_time_in_a_cell(written: Cell, found: time | None) -> None:
    assert time_of(written) == found


def noted(*dates: str) -> list[str]:
    faults = Faults()
    for line, written in enumerate(dates, 2):
        Row(line, None, {"day": written}, {"day": "Tanggal"} if line == 2 else {}).date("day", faults)
    return faults.notes


def test_a_date_that_could_have_the_month_first_is_in_the_notes() -> None:
    text = "read day before month: 03/08/2026 on line 2, Tanggal, is 2026-08-03. Check that the file means this."
    assert noted("03/08/2026") == [f"1 date was {text}"]
    assert noted("03/08/2026", "04/08/2026", "12/11/2026", "13/08/2026", "08/08/2026") == [f"3 dates were {text}"]
    assert noted("13/08/2026", "01/12/2026") == [
        "1 date was read day before month: 01/12/2026 on line 3, day, is 2026-12-01. Check that the file means this."
    ]
    assert noted("2026-08-03", "13/12/2026") == []


def test_only_the_first_empty_result_is_named() -> None:
    faults = Faults()
    for line in (5, 6):
        faults.note_empty_result(line, "Mulai")
    assert faults.notes == [
        "The result of 2 formulas is empty and was read as a blank cell: Mulai on line 5. Check that the file means this."
    ]


@pytest.mark.parametrize(
    ("count", "text"), [(1, "1 fault"), (2, "2 faults"), (499, "499 faults"), (500, "500 faults or more")]
)
def test_all_faults_of_a_file_are_refused_together(count: int, text: str) -> None:
    faults = Faults()
    faults.refuse("The roster")  # there are none
    for line in range(count - 1, 0, -1):
        faults.note({"line": line})
    faults.note({"message": "must be a file"})  # about no line: it comes first
    assert faults.full is (count == 500)
    with pytest.raises(InvalidError) as refused:
        faults.refuse("The roster")
    assert refused.value.detail == (
        f"The roster has {text} and was not taken: nothing is changed. Correct what `errors` lists."
    )
    assert [fault.get("line") for fault in refused.value.errors or []] == [None, *range(1, count)]
