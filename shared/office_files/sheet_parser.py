"""A sheet's rows and its merged cells, in one pass over its XML.

openpyxl has a value and no formula for a formula with a stored result, and nothing for one without; its read-only sheets
do not have the merged cells. So this extends the parser below them, which openpyxl does not document.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from shared.office_files.cells import EMPTY_RESULT, NOT_COMPUTED
from shared.office_files.text import clean

__all__ = ["SheetParser", "parser_of"]


class SheetParser(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
    """`parse()` yields each row's number and cells; after the last row, `merged_cells` is complete."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """The cell; a formula without a stored result is NOT_COMPUTED, one with a blank text EMPTY_RESULT."""
        cell: dict[str, Any] = super().parse_cell(element)
        if element.find(FORMULA_TAG) is None:
            return cell
        if cell["value"] is None:
            empty_text = element.get("t") == "str" and element.find(VALUE_TAG) is not None
            cell["value"] = EMPTY_RESULT if empty_text else NOT_COMPUTED
        elif isinstance(cell["value"], str) and not clean(cell["value"]):
            cell["value"] = EMPTY_RESULT
        return cell


@contextmanager
def parser_of(sheet: Any) -> Iterator[SheetParser]:
    """The parser of a sheet of a workbook in read-only mode."""
    book = sheet.parent
    with sheet._get_source() as source:  # noqa: SLF001 - as openpyxl's own read-only sheet does
        yield SheetParser(
            source,
            sheet._shared_strings,  # noqa: SLF001
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # noqa: SLF001
            timedelta_formats=book._timedelta_formats,  # noqa: SLF001
        )
