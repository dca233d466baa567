"""The sample files for offices, and how the API describes a file."""

from __future__ import annotations

import io
import zipfile
from datetime import date, time

import openpyxl

from shared.office_files import CSV_TYPE, XLSX_TYPE, Column, office_file_body
from shared.office_files.sample_file import sample_csv, sample_xlsx

COLUMNS = (
    Column("nip", ("NIP", "No. Induk"), "18 digits.", ("198503172010011002", "1"), required=True),
    Column("day", ("Tanggal",), "The date.", ("2026-12-01", "2026-12-02"), kind="date"),
    Column("start", ("Mulai",), "Empty for a day off.", ("07:30", ""), kind="time"),
)


def test_a_csv_opens_in_columns_in_excel() -> None:
    assert sample_csv(COLUMNS) == (
        b"\xef\xbb\xbfNIP;Tanggal;Mulai\r\n198503172010011002;2026-12-01;07:30\r\n1;2026-12-02;\r\n"
    )


def test_a_workbook_has_typed_cells_in_columns_with_their_formats() -> None:
    book = openpyxl.load_workbook(io.BytesIO(sample_xlsx(COLUMNS, "Jadwal")))
    [sheet] = book.worksheets
    assert (sheet.title, sheet.freeze_panes) == ("Jadwal", "A2")
    first, second = ([cell.value for cell in row] for row in sheet.iter_rows(min_row=2))
    assert first[0] == "198503172010011002"
    assert (first[1].date(), first[2]) == (date(2026, 12, 1), time(7, 30))
    assert (second[0], second[1].date(), second[2]) == ("1", date(2026, 12, 2), None)
    for letter, number_format in zip("ABC", ("@", "dd/mm/yyyy", "hh:mm"), strict=True):
        column = sheet.column_dimensions[letter]
        assert (column.width, column.number_format) == (24, number_format)
        assert {sheet[f"{letter}{line}"].number_format for line in (2, 3)} == {number_format}


def test_a_workbooks_header_is_bold_where_required_and_explained_in_notes() -> None:
    body = sample_xlsx(COLUMNS, "Jadwal")
    sheet = openpyxl.load_workbook(io.BytesIO(body)).active
    titles = [sheet[f"{letter}1"] for letter in "ABC"]
    assert [title.value for title in titles] == ["NIP", "Tanggal", "Mulai"]
    assert [bool(title.font.bold) for title in titles] == [True, False, False]
    notes = [title.comment for title in titles]
    assert [note.text for note in notes] == ["nip: 18 digits.", "day: The date.", "start: Empty for a day off."]
    assert {note.author for note in notes} == {"Kinerja"}
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        assert package.read("xl/drawings/commentsDrawing1.vml").count(b"width:320px;height:80px") == 3


def test_the_api_describes_both_forms_of_a_file() -> None:
    assert office_file_body() == {
        "requestBody": {
            "required": True,
            "content": {
                CSV_TYPE: {"schema": {"type": "string", "description": "Comma, semicolon or tab; a header."}},
                XLSX_TYPE: {
                    "schema": {"type": "string", "format": "binary", "description": "One visible sheet with the table."}
                },
            },
        }
    }
    assert (CSV_TYPE, XLSX_TYPE) == (
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
