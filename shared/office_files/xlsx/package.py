"""Limits of an XLSX file, checked before it is parsed: its sizes, its XML elements, and no XML entities.

An XLSX file is a ZIP file of XML parts. A crafted one of 50 kB can unpack to gigabytes, and a byte of XML can become
thirty bytes of memory, while a service has 256 MB.
"""

from __future__ import annotations

import codecs
import io
import re
import zipfile
import zlib
from typing import Final

from shared.errors.errors import InvalidError

__all__ = ["checked_package"]

UNPACKED_BYTES_MAX: Final = 16_777_216
"""Limit of all parts that are read. 20,000 lines of shifts have 5 MB."""
TAGS_MAX: Final = 800_000
"""Limit of all parts. A cell has four to six; 20,000 lines of shifts have at most 700,000."""
ENTRIES_MAX: Final = 2_000
STRETCH_BYTES_MAX: Final = 1_048_576
"""Between two rows (or two texts), which the parser keeps in memory together. 30 cells may have Excel's 32,767 characters."""
STRETCH_TAGS_MAX: Final = 50_000
"""A workbook's styles count as one row; a row of 200 columns has a thousand."""

_UNUSED: Final = re.compile(
    r"(calcChain|/media/|/drawings/|/charts?/|/chartsheets/|/pivot|/comments|/threadedComments/|/externalLinks/|/theme/"
    r"|/printerSettings|vbaProject|^customXml/|^docProps/)",
    re.IGNORECASE,
)
"""Parts without a cell's value: pictures, links to other files, macros. They are not unpacked."""
_UNIT: Final = re.compile(rb"<(?:\w+:)?(?:row|si)\b")
_OTHER_ENCODING: Final = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"'](?!utf-8[\"'])", re.IGNORECASE)
_COPY: Final = "Copy the table alone into a new workbook, save that as XLSX and send it."


def checked_package(body: bytes) -> io.BytesIO:
    """The parts of a workbook that are read, as a ZIP file again. Raises InvalidError."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            return _copied(package)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise InvalidError("The file is a damaged workbook: open it, save it as XLSX again and send that.") from error


def _copied(package: zipfile.ZipFile) -> io.BytesIO:
    entries = package.infolist()
    _check_kind({entry.filename for entry in entries})
    used = [entry for entry in entries if not (entry.is_dir() or _UNUSED.search(entry.filename))]
    # zipfile never reads more of an entry than its declared size, so the declared sizes are limits.
    if len(entries) > ENTRIES_MAX or sum(entry.file_size for entry in used) > UNPACKED_BYTES_MAX:
        raise InvalidError(f"The workbook has more than {UNPACKED_BYTES_MAX // 1_048_576} MiB when unpacked. {_COPY}")
    tags = 0
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w") as kept:
        for entry in used:
            part = package.read(entry)
            tags += _checked_part(part)
            if tags > TAGS_MAX:
                raise InvalidError(f"The workbook has too many cells. {_COPY}")
            kept.writestr(entry.filename, part)
    return copy


def _check_kind(names: set[str]) -> None:
    if "[Content_Types].xml" in names and "xl/workbook.bin" not in names:
        return
    if "xl/workbook.bin" in names:
        kind = "a binary workbook (XLSB)"
    elif "mimetype" in names and "content.xml" in names:
        kind = "an OpenDocument file (ODS)"
    else:
        kind = "a ZIP file, but not a workbook"
    raise InvalidError(f"The file is {kind}. Save it as XLSX (Excel 2007-365) and send that.")


def _checked_part(part: bytes) -> int:
    """The number of the part's tags."""
    if not part.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<") or _OTHER_ENCODING.match(part[:300]):
        raise InvalidError(f"A part of the workbook is not XML in UTF-8. {_COPY}")
    if b"<!DOCTYPE" in part:
        raise InvalidError(f"A part of the workbook defines XML entities, which no spreadsheet writes. {_COPY}")
    begin = 0
    ends = [found.start() for found in _UNIT.finditer(part)]
    for end in (*ends, len(part)):
        if end - begin > STRETCH_BYTES_MAX or part.count(b"<", begin, end) > STRETCH_TAGS_MAX:
            raise InvalidError(f"A row, a text or the styles of the workbook are too large. {_COPY}")
        begin = end
    return part.count(b"<")
