"""The reader of an office's files: which forms read the same, and what a refusal says."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from services.attendance.people.roster.file import read_roster_file
from services.attendance.shifts.shift_file import read_shift_file
from shared.errors.errors import InvalidError, UnsupportedMediaTypeError
from shared.office_files import Faults, check_media_type, read_rows
from tests.unit.shared.office_files.reading import COLUMNS, TODAY, WRITTEN, refusal, rows_of, texts
from tests.unit.shared.office_files.workbooks import workbook


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


def test_quotes_that_are_not_closed_are_reported_with_their_line() -> None:
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
