"""Sheets of a workbook: merged cells, formulas, second sheets, and what a reader must not believe."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, time
from typing import Any

import openpyxl
import pytest

from shared.office_files import Faults, read_rows
from tests.unit.shared.office_files.reading import COLUMNS, refusal, rows_of, texts
from tests.unit.shared.office_files.workbooks import sheet_xml, with_part, workbook


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
