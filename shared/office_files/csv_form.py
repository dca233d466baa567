"""CSV from spreadsheets: their encodings, separators, line ends and byte order marks."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Final

from shared.errors.errors import InvalidError
from shared.office_files.columns import Column
from shared.office_files.faults import shortened
from shared.office_files.table import RawRow, known_titles
from shared.office_files.text import clean

__all__ = ["rows_of_csv"]

_HOW: Final = "Save it as XLSX, or as CSV UTF-8, and send it again."
_SEPARATORS: Final = ",;\t"
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(?P<mark>[,;\t|])"?[,;\t|]*(?:\r\n|\r|\n)', re.IGNORECASE)
"""A first line that defines the separator for Excel. It is not a row of the sheet."""
_UTF8_LETTER: Final = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|\xe2[\x80-\xbf]{2}")
"""A letter or mark in UTF-8. In Windows-1252 it would be two or three characters that no name has, as in Ã©."""
_RARE: Final = re.compile("[‚ƒ„†‡ˆ‰Š‹ŒŽ˜š›œžŸ]")
"""Marks of Windows-1252 that no Indonesian office types. Their bytes are é, á, ü and others in Mac Roman or DOS."""
_LINE_BREAK: Final = re.compile(r"[\r\n]")
_NIP: Final = re.compile(r"[0-9]{18}")
_QUOTED: Final = re.compile(r'"(?:[^"]|"")*"')


def rows_of_csv(body: bytes, columns: Sequence[Column]) -> Iterator[tuple[int, list[str]]]:
    """Each row's number, counted from 1 as in a spreadsheet, and its cleaned cells.

    A row with line breaks inside quotes is one row. Raises InvalidError with the row if the bytes are not CSV, or if a
    quotation mark seems to join two rows.
    """
    content = _decoded(body)
    if mark := _SEPARATOR_LINE.match(content):
        separator, content = mark["mark"], content[mark.end() :]
    else:
        separator = _separator(content, columns)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
    line = 0
    try:
        for line, cells in enumerate(reader, start=1):
            _check_line_breaks(line, cells, separator)
            yield line, [clean(cell) for cell in cells]
    except csv.Error as error:
        raise InvalidError(
            f"Line {line + 1} is not CSV ({error}): a quotation mark is not closed, or text follows a closed one. Inside"
            f' quotes, a quotation mark is written twice, as in "Andi ""Andi"" Saputra".'
        ) from error


def _check_line_breaks(line: int, cells: Sequence[str], separator: str) -> None:
    """A quotation mark that is not closed joins its row with a later one, if that has such a mark too."""
    for cell in cells:
        if _LINE_BREAK.search(cell) and (separator in cell or _NIP.search(cell)):
            name = {"\t": "tab", ";": "semicolon", ",": "comma"}.get(separator, separator)
            raise InvalidError(
                f"Line {line} has a cell in quotes with a line break and a {name} or a NIP in it: {shortened(clean(cell))}."
                " It would hold the rest of one row and the start of the next, as when a quotation mark is not closed. Close the"
                " quotation mark, or remove the line break if this is one value."
            )


def _decoded(body: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if body.startswith(mark):
            try:
                return _without_nul(body.decode(encoding).removeprefix("\ufeff"))
            except UnicodeDecodeError as error:
                text = f"The file begins as {encoding.upper()}, but byte {error.start} is not."
                raise InvalidError(f"{text} {_HOW}") from error
    try:
        return _without_nul(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        if _UTF8_LETTER.search(body):
            raise InvalidError(f"The file is UTF-8 in part: byte {error.start} is not. {_HOW}") from error
    try:
        content = _without_nul(body.decode("cp1252"))
    except UnicodeDecodeError as error:
        text = "The file's encoding is not known: it is neither Unicode nor Windows-1252."
        raise InvalidError(f"{text} {_HOW}") from error
    if rare := _RARE.search(content):
        text = f"byte {rare.start()} would be {rare[0]} in Windows-1252, and another letter in Mac Roman or DOS."
        raise InvalidError(f"The file's encoding is not certain: {text} {_HOW}")
    return content


def _without_nul(content: str) -> str:
    if "\x00" in content:
        raise InvalidError(f"The file holds NUL characters, so it is no CSV in UTF-8 or Windows-1252. {_HOW}")
    return content


def _separator(content: str, columns: Sequence[Column]) -> str:
    """The one that gives the most column names; else the most frequent in the first line that has any; else the comma."""
    start = content[:65_536]
    titles = {mark: known_titles(_start_rows(start, mark), columns) for mark in _SEPARATORS}
    best = max(titles, key=titles.__getitem__)
    if list(titles.values()).count(titles[best]) == 1:
        return best
    for line in _QUOTED.sub("", start).splitlines():
        counts = {mark: line.count(mark) for mark in _SEPARATORS}
        if any(counts.values()):
            return max(counts, key=counts.__getitem__)
    return ","


def _start_rows(start: str, separator: str) -> list[RawRow]:
    rows = csv.reader(io.StringIO(start, newline=""), delimiter=separator)
    return [(line, [clean(cell) for cell in cells]) for line, cells in enumerate(rows, start=1)]
