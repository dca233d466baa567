"""Files in which a value is not what the office sees: each is refused or named in the notes, and never read as another value."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest

from services.attendance.people.roster.file import RosterLine, read_roster_file
from services.attendance.shifts.shift_file import ShiftLine, read_shift_file
from shared.errors.errors import InvalidError
from shared.office_files import Faults
from tests.unit.shared.office_files.workbooks import sheet_xml

TODAY = date(2026, 11, 30)
NIP = "198503172010011002"
SHIFT_TITLES = ("nip", "work_date", "start", "end", "break_minutes")


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="str"><v>{text}</v></c>'


def shifts_with(start: str, end: str) -> bytes:
    """A workbook with one shift, whose times are these cells."""
    titles = "".join(text_cell(f"{letter}1", title) for letter, title in zip("ABCDE", SHIFT_TITLES, strict=True))
    cells = text_cell("A2", NIP) + text_cell("B2", "2026-12-01") + start + end
    return sheet_xml(f'<row r="1">{titles}</row><row r="2">{cells}</row>')


def read_shifts(body: bytes) -> tuple[list[ShiftLine], list[str]]:
    faults = Faults()
    return read_shift_file(body, faults), faults.notes


def faults_of_shifts(body: bytes) -> list[tuple[str, str]]:
    with pytest.raises(InvalidError) as refused:
        read_shift_file(body, Faults())
    return [(found["column"], found["message"]) for found in refused.value.errors or []]


@pytest.mark.parametrize("kind", ['t="str"', 't="n"', ""])
def test_a_start_time_whose_formula_was_never_computed_is_no_day_off(kind: str) -> None:
    body = shifts_with(
        f'<c r="C2" {kind}><f>TIME(7,0,0)</f></c>',
        f'<c r="D2" {kind}><f>TIME(15,0,0)</f></c>',
    )
    found = faults_of_shifts(body)
    assert [column for column, _ in found] == ["start", "end"]
    assert all("formula whose result is not in the file" in message for _, message in found)


@pytest.mark.parametrize("result", ["<v></v>", "<v/>", "<v> </v>", "<v>-</v>"])
def test_a_day_off_from_formulas_with_an_empty_result_is_in_the_notes(result: str) -> None:
    body = shifts_with(*(f'<c r="{place}" t="str"><f>IF(A9="","",A9)</f>{result}</c>' for place in ("C2", "D2")))
    [line], notes = read_shifts(body)
    assert line.shift.starts_at is None
    assert notes == [
        "The result of 2 formulas is empty and was read as a blank cell: start on line 2. Check that the file means this."
    ]


def test_a_row_with_nothing_but_formulas_with_an_empty_result_is_left_out() -> None:
    body = shifts_with('<c r="C2"/>', '<c r="D2"/></row><row r="3"><c r="A3" t="str"><f>IF(1,"")</f><v></v></c>')
    [line], notes = read_shifts(body)
    assert (line.row.line, notes) == (2, [])


ROSTER_TITLES = ("nip", "name", "employment_type", "org_unit_id", "org_unit_name", "active_from")
OFFICER = (NIP, "Budi", "PNS", "dinas", "Dinas", date(2024, 1, 2))


def roster_with(unit: Any, number_format: str) -> bytes:
    """A workbook with one officer, whose unit has this value and number format."""
    made = openpyxl.Workbook()
    made.active.append(ROSTER_TITLES)
    made.active.append(OFFICER)
    made.active["D2"] = unit
    made.active["D2"].number_format = number_format
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def read_roster(body: bytes | str) -> list[RosterLine]:
    return read_roster_file(body if isinstance(body, bytes) else body.encode(), TODAY, Faults())


def faults_of_roster(body: bytes | str) -> list[tuple[int, str, str, str]]:
    """Line, column, value and message of each fault."""
    with pytest.raises(InvalidError) as refused:
        read_roster(body)
    return [(each["line"], each["column"], each["value"], each["message"]) for each in refused.value.errors or []]


@pytest.mark.parametrize(
    ("unit", "number_format"),
    [(7, "000"), (7, '"UPT-"000'), (7, "0.0"), (7, "0.00"), (7, "0%"), (1234, "#,##0"), (7, ";;;"), (0, '0;-0;"-"')],
)
def test_a_number_that_excel_shows_in_another_form_is_refused(unit: int, number_format: str) -> None:
    [(line, column, value, message)] = faults_of_roster(roster_with(unit, number_format))
    assert (line, column, value) == (2, "org_unit_id", str(unit))
    assert f"the format {number_format} shows it in another form" in message


@pytest.mark.parametrize(
    ("unit", "number_format"),
    [
        (7, "General"),
        (7, "@"),
        (1234, "0"),
        (999, "#,##0"),
        (7, '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-'),
        (7, "[$-421]0;[Red]-0"),
    ],
)
def test_a_number_that_excel_shows_with_its_digits_is_read(unit: int, number_format: str) -> None:
    [line] = read_roster(roster_with(unit, number_format))
    assert line.org_unit_id == str(unit)


def test_a_nip_with_a_number_format_is_still_refused_for_its_lost_digits() -> None:
    body = roster_with("dinas", "@")
    made = openpyxl.load_workbook(io.BytesIO(body))
    made.active["A2"] = int(NIP)
    made.active["A2"].number_format = "000000000000000000"
    out = io.BytesIO()
    made.save(out)
    [(_, column, _, message)] = faults_of_roster(out.getvalue())
    assert (column, "the others are lost" in message) == ("nip", True)


@pytest.mark.parametrize(
    "order", ["mm/dd/yyyy", "m/d/yyyy", "MM-DD-YY", "bln/tgl/thn", "bb/hh/tttt", "yyyy-dd-mm", "mm/dd"]
)
def test_a_title_with_an_order_in_which_no_date_is_read_is_refused(order: str) -> None:
    titles = ";".join((*ROSTER_TITLES[:-1], f"Aktif Sejak ({order})"))
    with pytest.raises(InvalidError, match="must not state another order") as refused:
        read_roster(f"{titles}\n{NIP};Budi;PNS;u;U;01/02/2024")
    assert f"not known: Aktif Sejak ({order})." in refused.value.detail


@pytest.mark.parametrize(
    "order", ["dd/mm/yyyy", "d/m/yyyy", "hh/bb/tttt", "tt-bb-tttt", "tgl-bln-thn", "yyyy-mm-dd", "dd.mm.yy"]
)
def test_a_title_with_an_order_in_which_dates_are_read_is_known(order: str) -> None:
    titles = ";".join((*ROSTER_TITLES[:-1], f"Aktif Sejak ({order})"))
    [line] = read_roster(f"{titles}\n{NIP};Budi;PNS;u;U;01/02/2024")
    assert line.active_from == date(2024, 2, 1)


OPTIONAL_TITLES = ("superior_nip", "email")


@pytest.mark.parametrize(
    "above",
    [
        "19900303.201503.2.002;Budi",
        "NIP. 199003032015032002;Budi",
        "19900303-201503-2-002 (NIP Baru);Budi",
        "1990030320150320;Budi",
        "belum ada;Budi;PPPK_PART_TIME",
        "belum ada;Budi;;;;1 Januari 2024",
    ],
)
def test_an_officer_above_the_column_names_is_refused_and_not_left_out(above: str) -> None:
    titles = ";".join((*ROSTER_TITLES, *OPTIONAL_TITLES))
    with pytest.raises(InvalidError, match=r"there is data above them, .*: line 2"):
        read_roster(f"Daftar pegawai\n{above}\n{titles}\n{NIP};Budi;PNS;u;U;01/02/2024;;")


@pytest.mark.parametrize(
    "title",
    [
        f"Kepala Dinas: Budi, NIP {NIP}",
        "Daftar PNS;per;01/12/2026",
        "Telepon (021) 1234567, 7654321",
        "800.1.2/0045/BKPSDM/2026",
        ";;Jenis;;;Tanggal",
    ],
)
def test_a_title_above_the_column_names_is_left_out(title: str) -> None:
    titles = ";".join((*ROSTER_TITLES, *OPTIONAL_TITLES))
    [line] = read_roster(f"{title}\n{titles}\n{NIP};Budi;PNS;u;U;01/02/2024;;")
    assert line.row.line == 3


@pytest.mark.parametrize(("value", "refused"), [(1 / 3, False), (198503172010011.0, True), (198503172010011, True)])
def test_a_number_above_the_column_names_is_data_if_it_is_whole_and_long(value: float, refused: bool) -> None:
    made = openpyxl.Workbook()
    for row in ((value,), ROSTER_TITLES, OFFICER):
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    if refused:
        with pytest.raises(InvalidError, match="there is data above them"):
            read_roster(out.getvalue())
    else:
        assert [line.row.line for line in read_roster(out.getvalue())] == [3]


@pytest.mark.parametrize(
    "unit",
    ["#NAME?", "#REF!", "#N/A", "#DIV/0!", "#SPILL!", "Err:502", "#####", "=VLOOKUP(A2,B:C,2)", '="UPT-"&"7"'],
)
def test_the_error_of_a_formula_and_a_formula_are_no_name_in_csv(unit: str) -> None:
    written = unit.replace('"', '""')
    titles = ",".join(ROSTER_TITLES)
    [(line, column, value, message)] = faults_of_roster(f'{titles}\n{NIP},Budi,PNS,"{written}",U,2024-01-02')
    assert (line, column, value) == (2, "org_unit_id", unit)
    assert "this is a formula, or the error of one" in message


@pytest.mark.parametrize(
    ("written", "read"), [('="007"', "007"), ('="a ""b"""', 'a "b"'), ("#7", "#7"), ("A#REF!", "A#REF!")]
)
def test_a_text_that_is_marked_as_text_for_excel_is_read(written: str, read: str) -> None:
    quoted = written.replace('"', '""')
    [line] = read_roster(f'{",".join(ROSTER_TITLES)}\n{NIP},Budi,PNS,"{quoted}",U,2024-01-02')
    assert line.org_unit_id == read


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f'{NIP};"Andi;PNS;a;A;01/02/2024', f'{NIP};Budi";PNS;a;A;01/02/2024'),
        (f'{NIP};Andi;PNS;a;A;"01/02/2024', f'{NIP}"'),
    ],
)
def test_a_quotation_mark_that_is_not_closed_swallows_no_officer(first: str, second: str, end: str) -> None:
    body = end.join((";".join(ROSTER_TITLES), first, second))
    for separator in ";,\t":
        with pytest.raises(InvalidError, match="Line 2 has a cell in quotes with a line break"):
            read_roster(body.replace(";", separator))


def test_a_value_in_quotes_may_have_a_line_break_or_a_separator() -> None:
    titles = ";".join(ROSTER_TITLES)
    [line] = read_roster(f'{titles}\n{NIP};"Budi\nContoh, S.E.";PNS;a;"Dinas A; B";01/02/2024')
    assert (line.name, line.org_unit_name) == ("Budi Contoh, S.E.", "Dinas A; B")
