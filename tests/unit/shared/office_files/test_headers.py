"""Column names and the lines above them."""

from __future__ import annotations

import pytest

from services.attendance.people.roster.file import read_roster_file
from shared.errors.errors import InvalidError
from shared.office_files import Column, Faults, read_rows
from tests.unit.shared.office_files.reading import TODAY, refusal, rows_of, texts
from tests.unit.shared.office_files.workbooks import workbook

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
