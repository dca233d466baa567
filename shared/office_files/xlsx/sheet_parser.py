"""A sheet's rows and its merged cells, in one pass over its XML.

openpyxl has a value and no formula for a formula with a stored result, and nothing for one without; its read-only sheets
do not have the merged cells. So this extends the parser below them, which openpyxl does not document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from shared.office_files.cells import EMPTY_RESULT, NOT_COMPUTED, FormattedNumber
from shared.office_files.text import clean
from shared.office_files.xlsx.number_format import shows_plain_digits

__all__ = ["SheetParser", "parser_of"]


class SheetParser(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
    """`parse()` yields each row's number and cells; after the last row, `merged_cells` is complete."""

    formats_of_styles: Sequence[str] = ()
    """The number format of each style of the workbook."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """The cell; a formula without a stored result is NOT_COMPUTED, one with a blank text EMPTY_RESULT.

        A number that is not shown as plain digits is a FormattedNumber.
        """
        cell: dict[str, Any] = super().parse_cell(element)
        value = cell["value"]
        if cell["data_type"] == "n" and value is not None:
            number_format = self._number_format(cell["style_id"])
            if not shows_plain_digits(number_format, value):
                cell["value"] = FormattedNumber(value, number_format)
        elif element.find(FORMULA_TAG) is None:
            pass
        elif value is None:
            empty_text = element.get("t") == "str" and element.find(VALUE_TAG) is not None
            cell["value"] = EMPTY_RESULT if empty_text else NOT_COMPUTED
        elif isinstance(value, str) and not clean(value):
            cell["value"] = EMPTY_RESULT
        return cell

    def _number_format(self, style_id: int) -> str:
        return self.formats_of_styles[style_id] if style_id < len(self.formats_of_styles) else "General"


@contextmanager
def parser_of(sheet: Any) -> Iterator[SheetParser]:
    """The parser of a sheet of a workbook in read-only mode."""
    book = sheet.parent
    with sheet._get_source() as source:  # noqa: SLF001 - as openpyxl's own read-only sheet does
        parser = SheetParser(
            source,
            sheet._shared_strings,  # noqa: SLF001
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # noqa: SLF001
            timedelta_formats=book._timedelta_formats,  # noqa: SLF001
        )
        parser.formats_of_styles = _formats_of_styles(book)
        yield parser


def _formats_of_styles(book: Any) -> list[str]:
    own = book._number_formats  # noqa: SLF001
    ids = [style.numFmtId for style in book._cell_styles]  # noqa: SLF001
    first = BUILTIN_FORMATS_MAX_SIZE
    return [BUILTIN_FORMATS.get(each, "General") if each < first else own[each - first] for each in ids]
