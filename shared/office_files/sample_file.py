"""Writes a sample file of one kind. After its lines are replaced, it can be imported."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, time
from typing import Final

from shared.office_files.columns import Column, column_letters

__all__ = ["sample_csv", "sample_xlsx"]

_FORMATS: Final = {"text": "@", "date": "dd/mm/yyyy", "time": "hh:mm"}
"""Excel's number formats. `@` (text) keeps all digits of an 18-digit number."""
_WIDTH: Final = 24


def sample_csv(columns: Sequence[Column]) -> bytes:
    """UTF-8 with a byte order mark, and semicolons: Excel with Indonesian settings opens it in columns."""
    out = io.StringIO()
    rows = csv.writer(out, delimiter=";")
    rows.writerow([column.synonyms[0] for column in columns])
    rows.writerows([column.samples[number] for column in columns] for number in (0, 1))
    return out.getvalue().encode("utf-8-sig")


def sample_xlsx(columns: Sequence[Column], sheet_name: str) -> bytes:
    """A workbook with formatted columns, also below the sample's lines; notes explain the header."""
    from openpyxl import Workbook  # takes half a second, needed only here
    from openpyxl.comments import Comment
    from openpyxl.styles import Font

    workbook = Workbook()
    sheet = workbook.active
    sheet.title = sheet_name
    sheet.freeze_panes = "A2"
    for place, column in enumerate(columns):
        letters = column_letters(place)
        sheet.column_dimensions[letters].width = _WIDTH
        sheet.column_dimensions[letters].number_format = _FORMATS[column.kind]
        title = sheet.cell(1, place + 1, column.synonyms[0])
        title.font = Font(bold=column.required)
        title.comment = Comment(f"{column.name}: {column.meaning}", "Kinerja", width=320, height=80)
        for line, value in enumerate(column.samples, start=2):
            cell = sheet.cell(line, place + 1, _typed(column, value))
            cell.number_format = _FORMATS[column.kind]
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _typed(column: Column, value: str) -> str | date | time | None:
    if not value:
        return None
    if column.kind == "date":
        return date.fromisoformat(value)
    return time.fromisoformat(value) if column.kind == "time" else value
