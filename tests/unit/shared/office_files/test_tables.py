"""How a file becomes a table: separators, encodings, the header, and values outside its columns."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from shared.errors.errors import InvalidError, UnsupportedMediaTypeError
from shared.office_files import Column, Faults, check_media_type, is_xlsx, read_in_turn, read_rows
from shared.office_files.cells import EMPTY_RESULT, Cell, FormattedNumber
from shared.office_files.table import has_nip
from tests.unit.shared.office_files.reading import COLUMNS, refusal, rows_of, texts
from tests.unit.shared.office_files.workbooks import workbook

HOW = "Save it as XLSX, or as CSV UTF-8, and send it again."
ORDER = "Dates are read day before month, or year first: a column's name must not state another order."
ELSEWHERE = "and another letter in Mac Roman or DOS."
NIP = "198503172010011002"


def wrong_names(line: int, text: str) -> str:
    return (
        f"The column names in line {line} are not correct. {text} A file must have nip, day; it may have start. Their other"
        " names are in docs/office-files.md."
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("nip;start\n1;2", "These columns are missing: day."),
        ("x\n1", "These columns are missing: nip, day. These columns are not known: x."),
        ("nip;day;Gaji;Pangkat\n1", "These columns are not known: Gaji, Pangkat."),
        ("nip;day;nip\n1", "These columns are duplicated: nip."),
        ("nip;day;NIP;Tanggal\n1", "These columns are duplicated: nip and NIP, day and Tanggal."),
        (
            "nip;day;Mulai (mm/dd/yyyy)\n1",
            f"These columns are not known: Mulai (mm/dd/yyyy). {ORDER}",
        ),
        (
            ";".join(["nip", "day", *(f"x{number}" for number in range(25))]),
            f"These columns are not known: {', '.join(f'x{number}' for number in range(20))}.",
        ),
        (
            ";".join(["nip", "day", *["nip"] * 25]),
            f"These columns are duplicated: {', '.join(['nip'] * 20)}.",
        ),
        (f"nip;day;{'x' * 41}\n1", f"These columns are not known: {'x' * 39}…."),
    ],
    ids=range(9),
)  # fmt: skip
def test_wrong_names_of_columns_are_told_together(body: str, text: str) -> None:
    assert refusal(body) == wrong_names(1, text)


@pytest.mark.parametrize(
    ("body", "unknown"),
    [
        # no separator gives a known name: the most frequent one of the first line that has any
        ("a;b;c,d\n1", "a, b, c,d"),
        ("a,b,c;d\n1", "a, b, c;d"),
        ('a\n"b;c;d",e\n', "a"),
        ("a\tb\n1", "a, b"),
        ("a|b\n1", "a|b"),
    ],
)
def test_a_file_without_known_names_has_the_separator_of_its_first_line(body: str, unknown: str) -> None:
    assert refusal(body) == wrong_names(
        1, f"These columns are missing: nip, day. These columns are not known: {unknown}."
    )


def test_the_separator_is_the_one_with_the_most_known_names() -> None:
    assert texts("Daftar, tanggal 1,2,3,4\nNIP;Tanggal\n7;x") == [(3, "7")]
    assert texts("sep=|\nNIP|Tanggal\n7|x") == [(2, "7")]
    assert texts("\ufeffsep=;\nNIP;Tanggal\n7;x") == [(2, "7")]
    assert texts('"SEP=;";;\nNIP;Tanggal\n7;x') == [(2, "7")]
    assert texts("sep=;\r\nNIP;Tanggal\r\n7;x\r\n") == [(2, "7")]


@pytest.mark.parametrize(("mark", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "|")])
def test_a_quoted_cell_that_joins_two_rows_is_refused(mark: str, name: str) -> None:
    start = f"sep={mark}\nNIP{mark}Tanggal\n"
    joined = f'"7{mark}x\n8"{mark}y\n'
    shown = "7 x 8" if mark == "\t" else f"7{mark}x 8"
    assert refusal(start + joined) == (
        f"Line 2 has a cell in quotes with a line break and a {name} or a NIP in it: {shown}. It would hold the rest of one"
        " row and the start of the next, as when a quotation mark is not closed. Close the quotation mark, or remove the line"
        " break if this is one value."
    )
    assert "Line 2 has a cell in quotes" in refusal(f'{start}"a\n{NIP}"{mark}y\n')
    assert texts(f'{start}"a\n{NIP[1:]}"{mark}y\n') == [(2, f"a {NIP[1:]}")]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\xef\xbb\xbfnip;\xff", f"The file begins as UTF-8, but byte 7 is not. {HOW}"),  # counted in the file
        (b"\xff\xfen\0i", f"The file begins as UTF-16, but byte 4 is not. {HOW}"),
        (b"\xfe\xff\0n\0", f"The file begins as UTF-16, but byte 4 is not. {HOW}"),
        (b"nip;day\n\xc3\xa9;\xff", f"The file is UTF-8 in part: byte 11 is not. {HOW}"),
        (b"nip;day\n\x81;x", f"The file's encoding is not known: it is neither Unicode nor Windows-1252. {HOW}"),
        (
            b"nip;day\nAndr\x82;x",
            f"The file's encoding is not certain: byte 12 would be ‚ in Windows-1252, {ELSEWHERE} {HOW}",
        ),
        (b"nip;day\n1\0;x", f"The file holds NUL characters, so it is no CSV in UTF-8 or Windows-1252. {HOW}"),
        (b"nip;day\n\xe9\0;x", f"The file holds NUL characters, so it is no CSV in UTF-8 or Windows-1252. {HOW}"),
        (b"\xef\xbb\xbfnip\0", f"The file holds NUL characters, so it is no CSV in UTF-8 or Windows-1252. {HOW}"),
    ],
)  # fmt: skip
def test_a_file_whose_letters_are_not_certain_is_refused(body: bytes, text: str) -> None:
    assert refusal(body) == text


def test_a_first_line_that_is_no_csv_is_line_1() -> None:
    assert refusal('"nip"x,day\n').startswith("Line 1 is not CSV (")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xd0\xcf\x11\xe0", "an old workbook (XLS) or one with a password"),
        (b"%PDF-1.7", "a PDF"),
        (b"\xef\xbb\xbf \n<html>", "a web page or XML, although its name may differ"),
        (b"{\\rtf1", "a text document"),
        (b" " * 1_020 + b"<a/>", "a web page or XML, although its name may differ"),
    ],
)
def test_other_files_are_named(body: bytes, kind: str) -> None:
    assert refusal(body) == f"The file is {kind}. Open it in a spreadsheet, save it as XLSX and send that."


def nameless(body: bytes) -> list[dict[str, Any]]:
    faults = Faults()
    read_rows(body, COLUMNS, faults)
    return list(faults)


def test_a_value_in_a_column_without_a_name_is_a_fault() -> None:
    text = "must be empty, since this column has no name in the header"
    found = {"line": 2, "field": "C", "column": "C", "value": "x" * 39 + "…", "message": text}
    long = "x" * 41
    assert nameless(workbook([["NIP", "Tanggal", ""], ["7", "y", long]])) == [{"sheet": "Lembar 1", **found}]
    in_csv = ". In a CSV file, a value with a separator in it must have quotes around it"
    for header in ("NIP;Tanggal", "NIP;Tanggal;"):
        assert nameless(f"{header}\n7;y;{long}".encode()) == [found | {"message": text + in_csv}]
    assert nameless(b"No;NIP;Tanggal\n1;7;y") == []  # a running number is not read
    assert nameless(b"NIP;Tanggal;\n7;y;\n") == []


WAGES = (
    Column("nip", ("NIP",), "", ("", ""), required=True),
    Column("kind", ("Jenis",), "", ("", ""), values=frozenset({"masuk pagi", "libur"})),
    Column("start", ("Mulai",), "", ("", ""), kind="time"),
    Column("day", ("Tanggal",), "", ("", ""), kind="date"),
)


@pytest.mark.parametrize(
    ("above", "is_data"),
    [
        (";;07:30;", True),
        (";Masuk_Pagi;;", True),
        (";LIBUR;;", True),
        (";;;2026-12-01", True),
        ("a;b;c;d", True),  # as many cells as the header
        ("a;b;c;", False),
        (";;2026-12-01;", False),  # a date in the column of times
        (";07:30;;", False),
        (";;;07:30", False),
        (f"{NIP[:14]};;;", False),
        (f"{NIP[:15]};;;", True),
    ],
)
def test_a_row_above_the_header_with_a_value_of_its_column_is_data(above: str, is_data: bool) -> None:
    body = f"\n{above}\nNIP;Jenis;Mulai;Tanggal\n7;libur;;\n".encode()
    if not is_data:
        assert [row.line for row in read_rows(body, WAGES, Faults())] == [4]
        return
    with pytest.raises(InvalidError) as refused:
        read_rows(body, WAGES, Faults())
    assert refused.value.detail == (
        "The column names are in line 3, but there is data above them, as when a table is sorted with its header: line 2. Put"
        " the column names above all data; a title has fewer filled cells than they."
    )


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (NIP, True),
        (198503172010011, True),
        (198503172010011.0, True),
        (FormattedNumber(198503172010011, "0.00"), True),
        (FormattedNumber(198503172010011.0, "0.00"), True),
        (19850317201001.0, False),
        (198503172010011.5, False),
        (EMPTY_RESULT, False),
    ],
)
def test_a_number_like_a_nip_is_known_in_every_form_of_a_cell(cell: Cell, found: bool) -> None:
    assert has_nip((1, ["Kepala", cell])) is found


def test_optional_columns_are_named_too() -> None:
    with pytest.raises(InvalidError, match="A file must have nip; it may have kind, start, day"):
        read_rows(b"x\n1", WAGES, Faults())


def test_the_header_is_among_the_first_twenty_filled_rows() -> None:
    assert texts("x\n" * 19 + "NIP;Tanggal\n7;y") == [(21, "7")]
    assert "The column names in line 1 are not correct." in refusal("x\n" * 20 + "NIP;Tanggal\n7;y")


def test_a_file_without_rows_is_refused_but_not_one_with_faults_only() -> None:
    assert refusal("") == "The file is empty."
    assert (
        refusal("\n;NIP;Tanggal\n;;\n") == "There is nothing below the column names in line 2: the file has no entry."
    )
    columns = (Column("nip", ("NIP",), "", ("1", ""), required=True), *COLUMNS[1:])
    faults = Faults()
    assert read_rows(b"NIP;Tanggal\n1;x\n", columns, faults) == []
    assert faults == [
        {
            "line": 2,
            "field": "nip",
            "column": "NIP",
            "value": "1",
            "message": "must be your own: this line is from the sample file. Delete it",
        }
    ]


def test_a_blank_result_of_a_formula_is_known_by_its_column() -> None:
    [row] = rows_of("NIP;Tanggal\n7;x")
    assert (dict(row.cells), dict(row.titles), row.empty_results) == (
        {"nip": "7", "day": "x"},
        {"nip": "NIP", "day": "Tanggal"},
        frozenset(),
    )


def test_a_workbook_is_known_by_its_first_bytes() -> None:
    assert is_xlsx(b"PK\x03\x04...")
    assert not is_xlsx(b" PK\x03\x04")


def test_a_media_type_is_compared_without_case_and_blanks() -> None:
    check_media_type("text/csv; multipart/")
    for media_type in (" MULTIPART/form-data", "Application/JSON; charset=utf-8"):
        with pytest.raises(UnsupportedMediaTypeError, match=r"^Send the file itself as the body, with Content-Type "):
            check_media_type(media_type)


async def test_files_are_read_one_at_a_time_in_a_thread() -> None:
    names = await asyncio.gather(*(read_in_turn(lambda: threading.current_thread().name) for _ in range(3)))
    assert len(set(names)) == 1
    assert names[0].startswith("office-files")
