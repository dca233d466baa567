"""The limits of a workbook's package, each at its border."""

from __future__ import annotations

import io
import zipfile

import pytest

from shared.errors.errors import InvalidError
from shared.office_files.xlsx import package as packages
from shared.office_files.xlsx.package import checked_package

TYPES = "[Content_Types].xml"
COPY = "Copy the table alone into a new workbook, save that as XLSX and send it."
UNPACKED = f"The workbook has more than 16 MiB when unpacked. {COPY}"
TOO_LARGE = f"A row, a text or the styles of the workbook are too large. {COPY}"
NOT_UTF8 = f"A part of the workbook is not XML in UTF-8. {COPY}"
ENTITIES = f"A part of the workbook defines XML entities, which no spreadsheet writes. {COPY}"
DAMAGED = "The file is a damaged workbook: open it, save it as XLSX again and send that."


def package(**parts: bytes | str) -> bytes:
    """A package of these parts besides its types; underscores in names are slashes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(TYPES, "<Types/>")
        for name, part in parts.items():
            made.writestr(name.replace("_", "/"), part)
    return out.getvalue()


def kept(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(checked_package(body)) as found:
        return {name: found.read(name) for name in found.namelist()}


def refusal(body: bytes) -> str:
    with pytest.raises(InvalidError) as refused:
        checked_package(body)
    return refused.value.detail


def test_the_parts_with_values_are_kept_and_the_others_are_not_unpacked() -> None:
    body = package(xl_sheet="<a/>", xl_media_1="x", xl_theme_t="x", docProps_a="x", XL_DRAWINGS_D="x", xl_folder_="")
    assert kept(body) == {TYPES: b"<Types/>", "xl/sheet": b"<a/>"}


def test_each_part_is_xml_in_utf_8() -> None:
    for part in (b"\xef\xbb\xbf\n <a/>", b'<?xml version="1.0" encoding="UTF-8"?><a/>', b"<?xml version='1.0'?><a/>"):
        assert kept(package(xl=part))["xl"] == part
    for part in (
        b"a",
        b"",
        b"\xff\xfe<\0a\0",
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        b"<?xml encoding = 'x'?><a/>",
    ):
        assert refusal(package(xl=part)) == NOT_UTF8
    far = b"<?xml version='1.0'" + b" " * 270 + b"encoding='x'?><a/>"
    assert refusal(package(xl=far)) == NOT_UTF8
    assert refusal(package(xl=b'<!DOCTYPE x [<!ENTITY a "b">]><x/>')) == ENTITIES


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("mimetype", "content.xml"), "an OpenDocument file (ODS)"),
        (("content.xml",), "a ZIP file, but not a workbook"),
        (("mimetype",), "a ZIP file, but not a workbook"),
        ((), "a ZIP file, but not a workbook"),
        ((TYPES, "xl/workbook.bin"), "a binary workbook (XLSB)"),
    ],
)
def test_other_zip_files_are_named(names: tuple[str, ...], kind: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "<a/>")
    assert refusal(out.getvalue()) == f"The file is {kind}. Save it as XLSX (Excel 2007-365) and send that."


def test_a_damaged_package_is_refused() -> None:
    body = package(xl="<a/>" * 100)
    assert refusal(body[:-10]) == DAMAGED
    assert refusal(body.replace(b"\x50\x4b\x03\x04", b"PK\x03\x05")) == DAMAGED


def test_the_parts_are_limited_in_number_and_in_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "ENTRIES_MAX", 3)
    assert len(kept(package(a="<a/>", b="<a/>"))) == 3
    assert refusal(package(a="<a/>", b="<a/>", c="<a/>")) == UNPACKED
    assert refusal(package(a="<a/>", b="<a/>", xl_media_1="x")) == UNPACKED
    monkeypatch.setattr(packages, "ENTRIES_MAX", 2_000)
    monkeypatch.setattr(packages, "UNPACKED_BYTES_MAX", 1_048_576)
    filler = 1_048_576 - len("<Types/>") - len("<a/>")
    assert len(kept(package(a="<a/>" + " " * filler, xl_media_1="x" * 100))) == 2
    assert refusal(package(a="<a/>" + " " * (filler + 1))) == UNPACKED.replace("16 MiB", "1 MiB")


def test_all_parts_together_have_a_limit_of_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "TAGS_MAX", 5)
    assert len(kept(package(a="<a/>" * 2, b="<a/>" * 2))) == 3
    assert refusal(package(a="<a/>" * 2, b="<a/>" * 3)) == f"The workbook has too many cells. {COPY}"


@pytest.mark.parametrize("unit", ["row", "x:row", "si"])
def test_each_row_and_text_has_a_limit_of_bytes_and_of_tags(monkeypatch: pytest.MonkeyPatch, unit: str) -> None:
    start = f"<{unit}>"
    monkeypatch.setattr(packages, "STRETCH_BYTES_MAX", 20)
    full = start.ljust(20)
    assert kept(package(a="<a/>" + " " * 16 + full + full))
    for part in ("<a/>" + " " * 17 + full, full + start.ljust(21) + full, full + full + " "):
        assert refusal(package(a=part)) == TOO_LARGE
    monkeypatch.setattr(packages, "STRETCH_BYTES_MAX", 1_000)
    monkeypatch.setattr(packages, "STRETCH_TAGS_MAX", 3)
    full = start + "<c/>" * 2
    assert kept(package(a="<a/>" * 3 + full + full))
    for part in ("<a/>" * 4 + full, full + start + "<c/>" * 3 + full, full + full + "<c/>"):
        assert refusal(package(a=part)) == TOO_LARGE
