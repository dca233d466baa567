"""The reader of an office's files: which forms read the same, and what a refusal says."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from services.attendance.people.roster.file import read_roster_file
from services.attendance.shifts.shift_file import read_shift_file
from shared.errors.errors import InvalidError, UnsupportedMediaTypeError
from shared.office_files import Column, Faults, Row, check_media_type, read_rows
from tests.unit.shared.office_files.workbooks import sheet_xml, with_part, workbook

WRITTEN = Path(__file__).parents[3] / "fixtures" / "office_files"
COLUMNS = (
    Column("nip", ("NIP", "No. Induk Pegawai"), "", ("", ""), required=True),
    Column("day", ("Tanggal",), "", ("", ""), required=True, kind="date"),
    Column("start", ("Mulai",), "", ("", ""), kind="time"),
)
TODAY = date(2026, 11, 30)


def rows_of(body: bytes | str) -> list[Row]:
    faults = Faults()
    rows = read_rows(body if isinstance(body, bytes) else body.encode(), COLUMNS, faults)
    assert faults == []
    return rows


def texts(body: bytes | str) -> list[tuple[int, str]]:
    return [(row.line, row.text("nip", Faults())) for row in rows_of(body)]


def refusal(body: bytes | str) -> str:
    with pytest.raises(InvalidError) as refused:
        rows_of(body)
    return refused.value.detail


def fault(value: Any, column: str) -> dict[str, Any]:
    """The fault reported for a workbook's value in a column."""
    cells = {"nip": "1", "day": date(2026, 1, 1), "start": None} | {column: value}
    [row] = rows_of(workbook([list(cells), list(cells.values())]))
    faults = Faults()
    read = {"nip": row.text, "day": row.date, "start": row.time}[column]
    read(column, faults)
    [found] = faults
    return found


@pytest.mark.parametrize(
    "name", ["roster-comma-windows1252.csv", "roster-semicolon-utf8.csv", "roster-tab-utf16.csv", "roster.xlsx"]
)
def test_a_roster_as_a_spreadsheet_wrote_it_is_read(name: str) -> None:
    faults = Faults()
    first, second = read_roster_file((WRITTEN / name).read_bytes(), TODAY, faults)
    assert (first.name, first.email, first.active_from) == (
        "Budi Contoh, S.E.",
        "budi.contoh@example.go.id",
        date(2024, 1, 1),
    )
    assert (second.name, second.org_unit_name, second.active_from) == (
        'Siti "Sari" Contoh',
        "Dinas Contoh",
        date(2025, 3, 1),
    )
    assert (second.superior_nip, first.superior_nip) == (first.nip, None)
    asked = (
        []
        if name.endswith(".xlsx")
        else ["1 date was read day before month: 01/03/2025 on line 3, Aktif Sejak, is 2025-03-01."]
    )
    assert [note.removesuffix(" Check that the file means this.") for note in faults.notes] == asked


@pytest.mark.parametrize("name", ["shifts-semicolon-utf8.csv", "shifts.xlsx"])
def test_shifts_as_a_spreadsheet_wrote_them_are_read(name: str) -> None:
    night, off = (line.shift for line in read_shift_file((WRITTEN / name).read_bytes(), Faults()))
    assert (night.starts_at, night.ends_at) == (datetime(2026, 9, 1, 21), datetime(2026, 9, 2, 7))  # noqa: DTZ001 - local
    assert (night.break_minutes, off.kind, off.starts_at) == (60, "off", None)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ((WRITTEN / "roster.ods").read_bytes(), "OpenDocument"),
        ((WRITTEN / "roster.xls").read_bytes(), "old workbook"),
        (b"%PDF-1.7", "PDF"),
        (b"\xef\xbb\xbf\n<html><table><tr><td>NIP", "web page"),
        (b"PK\x03\x04 and no more", "damaged"),
    ],
)
def test_what_is_no_csv_and_no_xlsx_is_named_with_what_to_do(body: bytes, kind: str) -> None:
    words = refusal(body)
    assert kind in words
    assert "XLSX" in words


@pytest.mark.parametrize(
    "cell",
    [" 12 ", "\u00a012", "12\u202f", "\u200b12\u2060", "\ufeff12", "1\u00ad2", "'12", '="12"', "\t12\u3000", "12\r\n"],
)
def test_marks_that_nobody_sees_make_no_difference(cell: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    assert texts(f"nip;day\n{quoted};x") == [(2, "12")]
    if not cell.startswith("="):  # openpyxl writes that as a formula
        assert texts(workbook([["nip", "day"], [cell, "x"]])) == [(2, "12")]


def test_letters_keep_the_apostrophe_before_them() -> None:
    assert texts("nip,day\n'Aisyiyah,x") == [(2, "'Aisyiyah")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_every_separator_line_end_and_encoding_is_read(end: str, mark: str) -> None:
    content = end.join([f"NIP{mark}Tanggal", f'"é{mark}1"{mark}x', mark, f'"a{end}b"{mark}x', f"2{mark}x"])
    wanted = [(2, f"é{mark}1".replace("\t", " ")), (4, "a b"), (5, "2")]
    for body in (content.encode(), content.encode("utf-8-sig"), content.encode("utf-16"), content.encode("cp1252")):
        assert texts(body) == wanted
    assert texts(b"\xfe\xff" + content.encode("utf-16-be")) == wanted
    assert texts(f"sep={mark}{end}{content}") == wanted


def test_a_file_in_two_encodings_is_refused_and_not_guessed() -> None:
    words = refusal("nip;day\nRené;x\n".encode() + "René;x\n".encode("cp1252"))
    assert words.startswith("The file is UTF-8 in part: byte 19 is not.")
    assert "neither Unicode nor Windows-1252" in refusal(b"nip;day\n\x81;x\n")


def test_blank_rows_cells_and_columns_are_left_out() -> None:
    csv = ";;;;\nDaftar pegawai 2026;;;;\n;;;;\nNo;NIP;Tanggal;;\n1;7;x;;\n2;8\n;;;;\n3;\u00a0;-;;\n"
    assert texts(csv) == [(5, "7"), (6, "8"), (8, "")]
    sheet = [
        [],
        ["Daftar pegawai 2026"],
        [],
        ["No", "NIP", "Tanggal", "", " "],
        [1, "7", "x"],
        [2, 8],
        [None, "\u00a0"],
    ]
    assert texts(workbook(sheet)) == [(5, "7"), (6, "8")]


def test_names_of_columns_are_compared_without_case_blanks_and_marks() -> None:
    [row] = rows_of("no_induk  PEGAWAI*,Tanggal (dd/mm/yyyy)\n7,x")
    assert row.titles == {"nip": "no_induk PEGAWAI*", "day": "Tanggal (dd/mm/yyyy)"}


def test_columns_that_are_missing_unknown_or_twice_are_named() -> None:
    assert "missing: day." in refusal("nip,start\n1,2")
    assert "not known: Gaji, Pangkat." in refusal("nip,day,Gaji,Pangkat\n1,2,3,4")
    assert "duplicated: NIP and nip." in refusal("NIP,day,nip\n1,2,3")
    assert "empty" in refusal("\n;;\n")
    assert "There is nothing below" in refusal("nip;day\n;\n")


def test_a_value_without_a_column_is_a_fault_with_its_place() -> None:
    faults = Faults()
    read_rows(b"nip,day\n1,2,3\n", COLUMNS, faults)
    [found] = faults
    assert (found["line"], found["column"], found["value"]) == (2, "C", "3")
    assert "quotes" in found["message"]


def test_quotes_that_are_not_closed_are_told_with_their_line() -> None:
    assert refusal('nip,day\n1,2\n"3,4\n5,6\n').startswith("Line 3 is not CSV")
    assert refusal('nip,day\n1,2\n"3"x,4\n').startswith("Line 3 is not CSV")


def test_a_fault_names_sheet_line_column_value_and_what_would_be_right() -> None:
    [row] = rows_of(workbook([["NIP", "Tanggal"], ["9" * 60, "kemarin"]]))
    faults = Faults()
    row.date("day", faults)
    row.refuse("nip", "must be shorter", faults)
    assert faults[0] | {"message": ""} == {
        "sheet": "Lembar 1", "line": 2, "field": "day", "column": "Tanggal", "value": "kemarin", "message": "",
    }  # fmt: skip
    assert faults[0]["message"].startswith("must be a date like 2026-12-31, 31/12/2026 or 31 Desember 2026")
    assert faults[1]["value"] == "9" * 39 + "…"


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


def table_with(*merged: str, rows: Sequence[Sequence[Any]]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(list(row))
    for area in merged:
        made.active.merge_cells(area)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def faults_of(body: bytes) -> list[tuple[int, str]]:
    """Line and column of each fault when all columns are read."""
    faults = Faults()
    for row in read_rows(body, COLUMNS, faults):
        row.text("nip", faults), row.date("day", faults), row.time("start", faults)
    return [(found["line"], found["column"]) for found in faults]


DAY = date(2026, 12, 1)
TABLE = (("NIP", "Tanggal", "Mulai"), ("7", DAY, time(7)), ("8", DAY, time(7)), ("9", DAY, None))


@pytest.mark.parametrize(
    ("merged", "refused"),
    [
        (["C2:C4"], [(3, "Mulai"), (4, "Mulai")]),
        (["B2:B3", "A2:A3"], [(3, "NIP"), (3, "Tanggal")]),
        (["B2:C2"], [(2, "Mulai")]),
        (["B2:XFD4"], [(2, "Mulai"), (3, "Tanggal"), (3, "Mulai"), (4, "Tanggal"), (4, "Mulai")]),
        (["C4:C5"], []),  # a blank cell
        (["A2:C2"], [(2, "Tanggal"), (2, "Mulai")]),
    ],
)
def test_a_cell_merged_into_another_is_refused_and_not_read_as_blank(
    merged: list[str], refused: list[tuple[int, str]]
) -> None:
    assert faults_of(table_with(*merged, rows=TABLE)) == refused


def test_merged_cells_in_titles_and_in_columns_that_are_not_read_do_no_harm() -> None:
    rows = [("Daftar", "", ""), (), ("No", "NIP", "Tanggal"), (), (1, "7", DAY), ("", "8", DAY)]
    assert texts(table_with("A1:C1", "A3:A4", "B3:B4", "C3:C4", "A5:A6", rows=rows)) == [(5, "7"), (6, "8")]


def test_more_merged_cells_than_a_sheet_may_have_are_refused() -> None:
    body = table_with(rows=[*TABLE, *[("1", DAY)] * 300, (*[""] * 199, "x")])
    areas = "".join('<mergeCell ref="A1:GR9999"/>' for _ in range(40)).encode()
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml")
    sheet = sheet.replace(b"</sheetData>", b"</sheetData><mergeCells>" + areas + b"</mergeCells>")
    assert "more than 2000000 cells" in refusal(with_part(body, "xl/worksheets/sheet1.xml", sheet))


def test_a_formula_without_a_stored_result_is_refused_and_not_read_as_blank() -> None:
    body = table_with(rows=[TABLE[0], ("7", "=DATE(2026,12,1)", "=TIME(7,0,0)")])
    assert faults_of(body) == [(2, "Tanggal"), (2, "Mulai")]
    faults = Faults()
    rows_of(body)[0].time("start", faults)
    assert "formula whose result is not in the file" in faults[0]["message"]


def test_a_formula_whose_result_is_the_empty_text_is_blank() -> None:
    head = "".join(f'<c r="{place}1" t="str"><v>{name}</v></c>' for place, name in zip("ABC", TABLE[0], strict=True))
    formula = '<c r="C2" t="str"><f>IF(A2=1,B2,"")</f><v></v></c>'
    body = sheet_xml(f'<row r="1">{head}</row><row r="2"><c r="A2" t="str"><v>7</v></c>{formula}</row>')
    [row] = rows_of(body)
    assert row.time("start", Faults()) is None
    assert "start" not in row.cells


def test_rows_of_a_sheet_that_are_not_in_order_are_refused_and_not_left_out() -> None:
    cells = '<c t="str"><v>nip</v></c><c t="str"><v>day</v></c>'
    assert "cannot be read" in refusal(sheet_xml(f'<row r="2">{cells}</row><row r="1">{cells}</row>'))


NIP = "198503172010011002"


@pytest.mark.parametrize(
    "above",
    [
        ["Andi", "2026-12-01", "07:00"],
        [NIP, "", ""],
        ["19850317 201001 1 002", "", ""],
        ["1,98503E+17", "", ""],
    ],
)
def test_data_above_the_column_names_is_refused_and_not_left_out(above: list[str]) -> None:
    rows = [["Daftar"], above, ["NIP", "Tanggal", "Mulai"], ["7", "x", ""]]
    csv = "\n".join(";".join(row) for row in rows)
    for body in (csv.encode(), workbook(*[rows])):
        assert "data above them, as when a table is sorted with its header: line 2." in refusal(body)


def test_titles_above_the_column_names_are_left_out() -> None:
    csv = f"Daftar pegawai;per 1/12/2026;\nKepala: Budi NIP {NIP};;\nNIP;Tanggal;Mulai\n7;x;"
    assert texts(csv) == [(4, "7")]


def test_lines_on_a_second_sheet_without_column_names_are_refused_and_not_left_out() -> None:
    table = [["nip", "day"], ["7", "x"]]
    assert "numbers like a NIP too: Lembar 2." in refusal(workbook(table, [[NIP, "x"]]))
    assert texts(workbook(table, [[NIP, "x"]], hidden=[1])) == [(2, "7")]


def test_a_line_of_the_sample_file_is_refused() -> None:
    columns = (Column("nip", ("NIP",), "", ("1", "2"), required=True),)
    faults = Faults()
    assert [row.line for row in read_rows(b"NIP\n1\n3\n", columns, faults)] == [3]
    assert [(found["line"], found["value"], "sample file" in found["message"]) for found in faults] == [(2, "1", True)]


@pytest.mark.parametrize(
    "title", ["Tanggal (dd/mm/yyyy)", "TANGGAL (tgl/bln/thn)", "Tanggal (Wajib)", "Tanggal*", "Tanggal (hh:mm)"]
)
def test_a_remark_on_form_in_brackets_is_no_part_of_a_name(title: str) -> None:
    [row] = rows_of(f"NIP (18 digit);{title}\n7;x")
    assert set(row.titles) == {"nip", "day"}


@pytest.mark.parametrize("title", ["Tanggal (Lama)", "Tanggal (WIB)", "Tanggal (atasan)", "(Tanggal)"])
def test_other_brackets_make_another_column(title: str) -> None:
    assert f"not known: {title}." in refusal(f"NIP;Tanggal;{title}\n7;x;y")


def test_the_email_of_the_superior_is_not_taken_for_the_officers() -> None:
    header = "nip;name;employment_type;org_unit_id;org_unit_name;active_from;Email (Atasan)"
    with pytest.raises(InvalidError, match=r"not known: Email \(Atasan\)\."):
        read_roster_file(f"{header}\n{NIP};A;PNS;u;U;2020-01-02;boss@contoh.go.id".encode(), TODAY, Faults())


@pytest.mark.parametrize("encoding", ["mac_roman", "cp437", "cp850"])
@pytest.mark.parametrize("name", ["André", "Müller", "Hélène"])
def test_an_encoding_that_is_not_windows_is_not_guessed(name: str, encoding: str) -> None:
    assert "encoding is not" in refusal(f"nip;day\n{name};x\n".encode(encoding))


@pytest.mark.parametrize("name", ["André", "Müller", "Ma’ruf", "“Budi” – A…", "João", "IRMÃ DULCE", "ÂNGELA"])
def test_letters_of_windows_are_read(name: str) -> None:
    assert texts(f"nip;day\n{name};x\n".encode("cp1252")) == [(2, name)]


@pytest.mark.parametrize("name", ["André", "à la", "Ma’ruf", "Í", "Hélène"])
@pytest.mark.parametrize("wrong", ["cp1252", "latin-1"])
def test_letters_that_were_read_in_a_wrong_encoding_are_refused(name: str, wrong: str) -> None:
    written = name.encode().decode(wrong, "replace")
    for body in (f"nip;day\n{written};x".encode(), workbook([["nip", "day"], [written, "x"]])):
        [row] = rows_of(body)
        faults = Faults()
        assert row.text("nip", faults) == ""
        assert "wrong encoding" in faults[0]["message"]


def test_a_title_with_another_separator_does_not_decide_for_the_table() -> None:
    assert texts("Daftar, Pegawai, Dinas\nNIP;Tanggal\n7;x") == [(3, "7")]
    assert texts("Daftar; Pegawai; Dinas\nNIP,Tanggal\n7,x") == [(3, "7")]
    assert texts("Daftar, Pegawai\nNIP\tTanggal\n7\tx") == [(3, "7")]


def test_the_one_visible_sheet_with_the_table_is_read() -> None:
    table = [["nip", "day"], ["7", "x"]]
    assert texts(workbook([["Petunjuk"], ["isi lembar 2"]], table)) == [(2, "7")]
    assert texts(workbook([["nip", "day"], ["8", "x"]], table, hidden=[0])) == [(2, "7")]
    assert "2 sheets with a table: Lembar 1, Lembar 2" in refusal(
        workbook(table, [["nip", "hari", "start"], ["8", "x"]])
    )


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (" " * 17_000_000, "16 MiB"),
        ("<row/>" * 900_000, "too many cells"),
        (f"<row>{'<c/>' * 60_000}</row>", "too large"),
        (f'<row><c t="str"><v>{"x" * 1_100_000}</v></c></row>', "too large"),
        ('<row><c r="XFD1"><v>1</v></c></row>' * 200, "a sheet has more than"),
    ],
)
def test_a_workbook_that_would_take_the_memory_is_refused_before_it_is_parsed(rows: str, words: str) -> None:
    body = sheet_xml(rows)
    assert len(body) < 100_000
    assert words in refusal(body).replace("A sheet has", "a sheet has")


def test_entities_and_other_encodings_of_xml_are_refused() -> None:
    assert "entities" in refusal(sheet_xml("<row><c><v>&a;</v></c></row>", '<!DOCTYPE x [<!ENTITY a "b">]>'))
    assert "UTF-8" in refusal(sheet_xml("", '<?xml version="1.0" encoding="cp037"?>'))
    assert "cannot be read" in refusal(sheet_xml("<row><c"))
    assert "cannot be read" in refusal(sheet_xml('<row><c t="s"><v>99</v></c></row>'))


def test_faults_beyond_the_most_are_not_kept_and_all_are_in_the_order_of_lines() -> None:
    faults = Faults()
    for line in range(600, 0, -1):
        faults.note({"line": line})
    with pytest.raises(InvalidError, match="500 faults or more") as refused:
        faults.refuse("The roster")
    assert [each["line"] for each in refused.value.errors or []] == list(range(101, 601))


@pytest.mark.parametrize("media_type", ["multipart/form-data; boundary=x", "application/json"])
def test_a_form_and_json_are_told_how_a_file_is_sent(media_type: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="--data-binary"):
        check_media_type(media_type)


@pytest.mark.parametrize("media_type", [None, "", "text/csv", "application/vnd.ms-excel", "application/octet-stream"])
def test_other_media_types_leave_it_to_the_bytes(media_type: str | None) -> None:
    check_media_type(media_type)
