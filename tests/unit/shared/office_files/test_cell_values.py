"""What a cell's value is called, how it is shown, and which texts and number formats change nothing."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from shared.office_files.cells import (
    EMPTY_RESULT,
    NOT_COMPUTED,
    Cell,
    FormattedNumber,
    SheetError,
    is_empty,
    kind_of,
    merged_into,
    shown,
)
from shared.office_files.columns import column_letters
from shared.office_files.faults import shortened
from shared.office_files.text import clean, is_formula_or_error, lost_digits, misread
from shared.office_files.xlsx.number_format import shows_plain_digits

MORNING = datetime(2026, 8, 3, 7, 30)  # noqa: DTZ001 - a spreadsheet's date has no zone
MIDNIGHT = datetime(2026, 8, 3)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (SheetError("#N/A"), "the formula error #N/A", "#N/A"),
        (True, "TRUE or FALSE", "TRUE"),
        (MORNING, "a date with a time", "2026-08-03 07:30:00"),
        (MIDNIGHT, "a date", "2026-08-03"),
        (date(2026, 8, 3), "a date", "2026-08-03"),
        (time(7, 30), "a time", "07:30:00"),
        (timedelta(hours=30), "a time", "1 day, 6:00:00"),
        (" 7\u00a0 8 ", "a text", "7 8"),
        (7, "a number", "7"),
        (7.0, "a number", "7"),
        (7.25, "a number", "7.25"),
        (FormattedNumber(7.0, "000"), "a number", "7"),
    ],
)
def test_a_value_has_a_name_for_messages_and_the_form_that_a_person_would_write(
    value: Cell, kind: str, text: str
) -> None:
    assert (kind_of(value), shown(value)) == (kind, text)


def test_a_value_that_is_not_in_the_file_is_shown_as_nothing() -> None:
    assert [shown(value) for value in (NOT_COMPUTED, merged_into("C2:C3"), EMPTY_RESULT)] == ["", "", ""]


@pytest.mark.parametrize(
    ("value", "empty"),
    [("", True), (EMPTY_RESULT, True), (merged_into("C2:C3"), True), (NOT_COMPUTED, False), (0, False), ("-", False)],
)
def test_a_cell_without_a_value_of_its_own_is_empty(value: Cell, empty: bool) -> None:
    assert is_empty(value) is empty


def test_a_merged_cell_names_its_area() -> None:
    assert merged_into("C2:C3").message == (
        "must be a cell of its own; this belongs to the merged cells C2:C3, and only the first of them has the value."
        " Unmerge them and fill each cell"
    )


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  a \t b\r\n c ", "a b c"),
        ("e\u0301\u200b", "\u00e9"),  # one letter, and a mark without width
        ("-", ""),
        (" \u2013 ", ""),
        ("\u2014", ""),
        ("--", "--"),
        ("a-b", "a-b"),
        ('="007"', "007"),
        ('=" a ""b"" "', 'a "b"'),
        ('="a"b"', '="a"b"'),
        ("=A1", "=A1"),
        ("'007", "007"),
        ("' 7", "7"),
        ("'7a", "'7a"),
        ("'Aisyiyah", "'Aisyiyah"),
        ("Andr\u00c3\u00a9\u00ad ", "Andr\u00c3\u00a9\u00ad"),  # read in a wrong encoding: kept, to be refused
    ],
)
def test_blanks_and_marks_that_nobody_sees_make_no_difference(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("\u00c3\u00a9", True),
        ("a\ufffd", True),
        ("\u0080", True),
        ("\u0085", False),
        ("\u009f", True),
        ("\u00e2\u20ac\u2122", True),
        ("\u00c2\u00a0", True),
        ("\u00c3O", False),
        ("\u00e9", False),
        ("", False),
    ],
)
def test_letters_in_a_wrong_encoding_are_known(text: str, wrong: bool) -> None:
    assert misread(text) is wrong


@pytest.mark.parametrize(
    ("text", "lost"),
    [("1,98501E+17", True), ("1.9e17", True), ("2E+5", True), ("1,98501E+", False), ("198501", False), ("E17", False)],
)
def test_a_number_in_short_form_has_lost_digits(text: str, lost: bool) -> None:
    assert lost_digits(text) is lost


@pytest.mark.parametrize(
    ("text", "found"),
    [("=A1", True), ("#REF!", True), ("#n/a", True), ("Err:502", True), ("##", True), ("#", False), ("a=b", False)],
)
def test_a_formula_or_its_error_is_no_value(text: str, found: bool) -> None:
    assert is_formula_or_error(text) is found


@pytest.mark.parametrize(
    ("number_format", "value", "plain"),
    [
        ("General", 7, True),
        ("0", 7, True),
        ("##0", 7, True),
        ("00", 7, False),
        ("[Red]0", 7, True),
        ("_-0_-", 7, True),
        ("[$-421]0", 7, True),
        ("$0", 7, False),
        ("#,##0", 999, True),
        ("#,##0", -999, True),
        ("#,##0", 1000, False),
        ("#,##0", -1000, False),
        # up to four parts: of positive numbers, negative ones, zero, texts
        ("0;-0", 7, True),
        ("0;-0", -7, False),
        ("-0;0", -7, True),
        ("-0;0", 0, False),
        ("0;-0;00", 0, False),
        ("0;-0;00", 7, True),
        ("-0;-0;0", 0, True),
        ("-0;-0;0", 1, False),
        ("00", -7, False),
    ],
)
def test_a_number_format_shows_plain_digits_or_another_form(number_format: str, value: float, plain: bool) -> None:
    assert shows_plain_digits(number_format, value) is plain


def test_columns_have_the_letters_of_a_spreadsheet() -> None:
    assert [column_letters(place) for place in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]


def test_a_long_value_is_shown_with_at_most_40_characters() -> None:
    assert shortened("x" * 40) == "x" * 40
    assert shortened("x" * 41) == "x" * 39 + "…"
