"""A roster in any form that a spreadsheet writes gives the same lines; any bytes give lines or an explanation."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from services.attendance.people.file_columns import ROSTER_COLUMNS
from services.attendance.people.roster.file import RosterLine, read_roster_file
from shared.errors.errors import InvalidError
from shared.office_files import Faults

WRITTEN = Path(__file__).parents[1] / "fixtures" / "office_files"
TODAY = date(2026, 11, 30)
DATES = {"active_from", "active_to", "unit_from", "employment_type_from"}
LETTERS = st.sampled_from("abcXYZéñ .,;'\"-/\t0123456789")
TEXTS = st.text(LETTERS, min_size=1, max_size=20).map(lambda text: f"N {text} N")
DAYS = st.dates(date(1990, 1, 1), date(2099, 12, 31))

Written = Callable[[list[dict[str, Any]]], bytes]


@st.composite
def officers(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for number in range(draw(st.integers(1, 4))):
        first = draw(DAYS)
        found.append(
            {
                "nip": f"19900101{draw(st.integers(2015, 2025))}01{draw(st.integers(1, 2))}{number + 1:03d}",
                "name": draw(TEXTS),
                "employment_type": draw(st.sampled_from(("PNS", "PPPK", "PPPK Paruh Waktu"))),
                "org_unit_id": f"u{number}",
                "org_unit_name": draw(TEXTS),
                "active_from": first,
                "superior_nip": draw(st.sampled_from(("", "199001012014011999"))),
                "email": draw(st.sampled_from(("", "a@contoh.go.id"))),
                "active_to": draw(st.none() | st.dates(first, date(2100, 1, 1))),
                "unit_from": draw(st.none() | DAYS),
                "employment_type_from": draw(st.none() | DAYS),
            }
        )
    return found


def as_csv(separator: str, encoding: str, end: str, format_of_date: str) -> Written:
    def write(lines: list[dict[str, Any]]) -> bytes:
        out = io.StringIO()
        rows = csv.writer(out, delimiter=separator, lineterminator=end)
        rows.writerow([column.synonyms[-1] for column in ROSTER_COLUMNS])
        for line in lines:
            rows.writerow([shown(line[column.name], format_of_date) for column in ROSTER_COLUMNS])
        return out.getvalue().encode(encoding)

    return write


def shown(value: Any, format_of_date: str) -> str:
    return value.strftime(format_of_date) if isinstance(value, date) else value or ""


def as_workbook(lines: list[dict[str, Any]]) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.active.append([column.name.upper() for column in ROSTER_COLUMNS])
    for line in lines:
        workbook.active.append([line[column.name] for column in ROSTER_COLUMNS])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


FORMS: tuple[Written, ...] = (
    as_csv(",", "utf-8", "\n", "%Y-%m-%d"),
    as_csv(";", "utf-8-sig", "\r\n", "%d/%m/%Y"),
    as_csv("\t", "utf-16", "\r\n", "%d-%m-%Y"),
    as_csv(";", "cp1252", "\r", "%d %B %Y"),
    as_workbook,
)


def read(body: bytes) -> list[tuple[Any, ...]]:
    return [without_row(line) for line in read_roster_file(body, TODAY, Faults())]


def without_row(line: RosterLine) -> tuple[Any, ...]:
    return tuple(getattr(line, column.name) for column in ROSTER_COLUMNS)


@settings(max_examples=60, deadline=None)
@given(lines=officers())
def test_all_forms_of_a_roster_give_the_same_lines(lines: list[dict[str, Any]]) -> None:
    first, *others = (read(form(lines)) for form in FORMS)
    assert [line[0] for line in first] == [line["nip"] for line in lines]
    assert [line[5] for line in first] == [line["active_from"] for line in lines]
    assert [line[1] for line in first] == [" ".join(line["name"].split()) for line in lines]
    assert all(other == first for other in others)


def nips_or_refusal(body: bytes) -> list[str]:
    """The NIP of each line, or the text of the refusal."""
    try:
        return [line.nip for line in read_roster_file(body, TODAY, Faults())]
    except InvalidError as refusal:
        return [refusal.detail]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_file_gives_lines_or_words(data: st.DataObject) -> None:
    body = bytearray((WRITTEN / data.draw(st.sampled_from(("roster.xlsx", "roster-tab-utf16.csv")))).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        body = body or bytearray(b"x")
    assert all(nips_or_refusal(bytes(body)))
