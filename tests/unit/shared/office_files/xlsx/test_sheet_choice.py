"""Which sheet of a workbook is read, the limits of a sheet, and its merged cells."""

from __future__ import annotations

import io

import openpyxl
import pytest

from shared.errors.errors import InvalidError
from shared.office_files import Faults, read_rows
from shared.office_files.cells import FormattedNumber, merged_into
from shared.office_files.xlsx import form
from shared.office_files.xlsx.form import table_sheet
from tests.unit.shared.office_files.reading import COLUMNS, refusal
from tests.unit.shared.office_files.workbooks import sheet_xml, with_part, workbook

TABLE = [["nip", "day"], ["7", "x"]]
NIP = "198503172010011002"
CANNOT = "The workbook cannot be read: open it, save it as XLSX again and send that."


def test_the_sheet_with_the_table_is_found_by_two_known_names() -> None:
    assert table_sheet(workbook([["nip", "a"]], TABLE), COLUMNS)[0] == "Lembar 2"
    assert table_sheet(workbook([["nip", "a"]], [["b"]]), COLUMNS)[0] == "Lembar 1"  # none: the first
    assert table_sheet(workbook([[]], TABLE, [["x"]], hidden=[2]), COLUMNS) == (
        "Lembar 2",
        [(1, ["nip", "day"]), (2, ["7", "x"])],
    )


def test_a_workbook_whose_table_is_not_certain_is_refused() -> None:
    assert refusal(workbook(TABLE, TABLE)) == (
        "The workbook has 2 sheets with a table: Lembar 1, Lembar 2. Put all lines on one sheet."
    )
    assert refusal(workbook(TABLE, [[NIP]], [["x"]], [[NIP]])) == (
        "Only the sheet Lembar 1 would be read, but these have numbers like a NIP too: Lembar 2, Lembar 4. Put all lines on"
        " one sheet, or hide the others."
    )
    assert refusal(workbook([[]], TABLE, hidden=[1])) == "The workbook has no visible sheet with a value."


def test_twenty_visible_sheets_may_be_in_a_workbook() -> None:
    blank = [[["x"]] for _ in range(20)]
    assert table_sheet(workbook(TABLE, *blank[1:], TABLE, hidden=[20]), COLUMNS)[0] == "Lembar 1"
    assert refusal(workbook(TABLE, *blank)) == (
        "The workbook has more than 20 visible sheets: send the one with the table."
    )


def rows_xml(*rows: tuple[int, str]) -> bytes:
    head = '<c t="str"><v>nip</v></c><c t="str"><v>day</v></c>'
    return sheet_xml("".join(f'<row r="{number}">{cells or head}</row>' for number, cells in rows))


def test_rows_have_rising_numbers_up_to_those_of_a_spreadsheet() -> None:
    cell = '<c t="str"><v>7</v></c>'
    for numbers in ((1, 2), (1, 1_048_576)):
        rows = table_sheet(rows_xml((numbers[0], ""), (numbers[1], cell)), COLUMNS)[1]
        assert [line for line, _ in rows] == list(numbers)
    for numbers in ((1, 1), (2, 1), (1, 1_048_577), (0, 1)):
        assert refusal(rows_xml((numbers[0], ""), (numbers[1], cell))) == CANNOT


def test_blank_cells_at_the_end_and_blank_rows_are_left_out() -> None:
    body = rows_xml((1, ""), (3, "<c/><c/>"), (4, '<c r="B4" t="str"><v>y</v></c><c r="D4"/>'), (5, ""))
    assert table_sheet(body, COLUMNS)[1] == [(1, ["nip", "day"]), (4, ["", "y"]), (5, ["nip", "day"])]


def test_a_sheet_has_a_limit_of_cells_with_those_left_of_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "CELLS_MAX", 6)
    far = '<c r="D2" t="str"><v>x</v></c>'
    assert table_sheet(rows_xml((1, ""), (2, far)), COLUMNS)[1][1] == (2, ["", "", "", "x"])
    assert refusal(rows_xml((1, ""), (2, far.replace("D2", "E2")))) == (
        "A sheet has more than 6 cells. Copy the table alone into a new workbook."
    )


def merged(*areas: str, rows: list[list[str]]) -> list[tuple[int, list[object]]]:
    cells = "".join(
        f'<row r="{line}">'
        + "".join(
            f'<c r="{letter}{line}" t="str"><v>{value}</v></c>'
            for letter, value in zip("ABCDE", row, strict=False)
            if value
        )
        + "</row>"
        for line, row in enumerate(rows, start=1)
        if row
    )
    body = sheet_xml(cells)
    xml = "".join(f'<mergeCell ref="{area}"/>' for area in areas)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{space}"><sheetData>{cells}</sheetData><mergeCells>{xml}</mergeCells></worksheet>'
    found = table_sheet(with_part(body, "xl/worksheets/sheet1.xml", sheet.encode()), COLUMNS)[1]
    return [(line, list(values)) for line, values in found]


HEAD = ["nip", "day", "start"]


@pytest.mark.parametrize(
    ("areas", "rows", "found"),
    [
        # to the right, also where the row is shorter, but not beyond the widest row
        (["B2:C2"], [["a", "b"]], [["a", "b", "B2:C2"]]),
        (["B2:F2"], [["a", "b"]], [["a", "b", "B2:F2"]]),
        (["A2:B2"], [["a", "", "c"]], [["a", "A2:B2", "c"]]),
        # downwards, in the rows that exist
        (["A2:A3"], [["a", "b"], ["", "c"]], [["a", "b"], ["A2:A3", "c"]]),
        (["A2:A9"], [["a"], [], ["", "c"]], [["a"], ["A2:A9", "c"]]),
        (["B2:C3"], [["a", "b"], ["c"]], [["a", "b", "B2:C3"], ["c", "B2:C3", "B2:C3"]]),
        # an area whose first cell is blank or beyond its row's end has no value
        (["B2:C3"], [["a", "", "c"], ["d"]], [["a", "", "c"], ["d"]]),
        (["C2:C3"], [["a"], ["b"]], [["a"], ["b"]]),
        (["A9:B9"], [["a"]], [["a"]]),
        (["C2:D3"], [["a", "b", "c"], ["d"]], [["a", "b", "c"], ["d", "", "C2:D3"]]),
        # a later area counts too
        (["C2:C3", "A2:A3"], [["a"], ["", "b"]], [["a"], ["A2:A3", "b"]]),
    ],
)  # fmt: skip
def test_cells_merged_into_the_first_are_marked(
    areas: list[str], rows: list[list[str]], found: list[list[str]]
) -> None:
    marked = [[merged_into(text) if ":" in text else text for text in row] for row in found]
    assert [values for _, values in merged(*areas, rows=[HEAD, *rows])][1:] == marked


def test_merged_cells_count_to_the_limit_of_a_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [HEAD, ["a"], ["", "b"]]
    monkeypatch.setattr(form, "CELLS_MAX", 6)
    assert merged("A2:C3", rows=rows)
    monkeypatch.setattr(form, "CELLS_MAX", 7)
    assert merged("B2:C3", rows=[HEAD, ["a", "b"], ["", "c"]])
    monkeypatch.setattr(form, "CELLS_MAX", 8)
    assert merged("A2:B3", "A2:B3", rows=rows)
    with pytest.raises(InvalidError, match="more than 8 cells"):
        merged("A2:C3", "A2:C3", rows=rows)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c t="n"><v>7</v></c>', 7),
        ('<c t="b"><v>1</v></c>', True),
        ('<c t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c t="str"><v> 7 \u00a0 8</v></c>', "7 8"),
        ("<c/>", ""),
    ],
)
def test_values_keep_their_kind(cell: str, value: object) -> None:
    [row] = read_rows(rows_xml((1, ""), (2, f'<c t="str"><v>x</v></c>{cell}')), COLUMNS, Faults())
    found = row.cells.get("day", "")
    assert getattr(found, "code", found) == value


@pytest.mark.parametrize("style", ["1", "99"])
def test_a_number_with_a_style_that_the_workbook_lacks_has_plain_digits(style: str) -> None:
    body = rows_xml((1, ""), (2, f'<c r="A2" t="str"><v>x</v></c><c r="B2" s="{style}"><v>7</v></c>'))
    [row] = read_rows(body, COLUMNS, Faults())
    assert row.cells["day"] == 7


def test_a_number_keeps_the_format_that_shows_it_otherwise() -> None:
    book = openpyxl.Workbook()
    for line in (*TABLE, ["8", 7], ["9", 7]):
        book.active.append(line)
    book.active["B3"].number_format = "000"
    book.active["B4"].number_format = "0.00"
    out = io.BytesIO()
    book.save(out)
    rows = read_rows(out.getvalue(), COLUMNS, Faults())
    assert [row.cells["day"] for row in rows] == ["x", FormattedNumber(7, "000"), FormattedNumber(7, "0.00")]
