"""One reader for every file of an office. It detects the format from the bytes, not from the name or media type."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from shared.errors.errors import InvalidError, UnsupportedMediaTypeError
from shared.office_files.columns import Column
from shared.office_files.csv_form import rows_of_csv
from shared.office_files.faults import Faults
from shared.office_files.rows import Row
from shared.office_files.table import RawRow, rows_of_table
from shared.office_files.xlsx.form import table_sheet

__all__ = ["CSV_TYPE", "XLSX_TYPE", "check_media_type", "is_xlsx", "read_in_turn", "read_rows"]

CSV_TYPE: Final = "text/csv"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ZIP: Final = b"PK\x03\x04"
_OTHERS: Final = (
    (b"\xd0\xcf\x11\xe0", "an old workbook (XLS) or one with a password"),
    (b"%PDF", "a PDF"),
    (b"<", "a web page or XML, although its name may differ"),
    (b"{\\rtf", "a text document"),
)
_NO_FILES: Final = ("multipart/", "application/json")
_T = TypeVar("_T")

_READER: Final = ThreadPoolExecutor(1, "office-files")


async def read_in_turn(read: Callable[[], _T]) -> _T:
    """Runs `read` in a thread, one file at a time: a workbook may take 100 MB and some seconds, and other requests continue."""
    return await asyncio.get_running_loop().run_in_executor(_READER, read)


def is_xlsx(body: bytes) -> bool:
    """Whether the bytes begin like a workbook."""
    return body.startswith(_ZIP)


def check_media_type(media_type: str | None) -> None:
    """Refuses media types whose body is not the file itself; otherwise the bytes decide the format.

    Browsers and curl name CSV files in many ways. Raises UnsupportedMediaTypeError.
    """
    if (media_type or "").strip().lower().startswith(_NO_FILES):
        raise UnsupportedMediaTypeError(
            f"Send the file itself as the body, with Content-Type {CSV_TYPE} or {XLSX_TYPE}, as curl does with"
            " --data-binary @FILE; not a form and not JSON."
        )


def read_rows(body: bytes, columns: Sequence[Column], faults: Faults) -> list[Row]:
    """The rows of a CSV or XLSX file that contain a value. Raises InvalidError if the file as a whole cannot be read."""
    if is_xlsx(body):
        sheet, rows = table_sheet(body, columns)
        return rows_of_table(rows, columns, sheet, faults)
    start = body[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, kind in _OTHERS:
        if start.startswith(magic):
            raise InvalidError(f"The file is {kind}. Open it in a spreadsheet, save it as XLSX and send that.")
    texts: list[RawRow] = [(line, list(cells)) for line, cells in rows_of_csv(body, columns)]
    return rows_of_table(texts, columns, None, faults)
