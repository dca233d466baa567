"""Reads a roster file: CSV with a header, comma or semicolon, every fault with its line and field."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from services.attendance.domain.nip import InvalidNipError, read_nip
from shared.contracts.base import Identifier
from shared.errors import InvalidError

__all__ = ["RosterLine", "read_roster_file"]

_REQUIRED: Final = ("nip", "name", "employment_type", "org_unit_id", "org_unit_name", "active_from")
_OPTIONAL: Final = ("superior_nip", "email", "active_to")
_TYPES: Final = ("PNS", "PPPK", "PPPK_PART_TIME")
_NAME_MAX: Final = 200
_EMAIL_MAX: Final = 254
_FAULTS_MAX: Final = 500
_YEARS: Final = range(1950, 2101)
_IDENTIFIER: Final[TypeAdapter[str]] = TypeAdapter(Identifier)


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One officer as the file has them; `line` counts from 1, the header included."""

    line: int
    nip: str
    name: str
    employment_type: str
    org_unit_id: str
    org_unit_name: str
    superior_nip: str | None
    email: str | None
    active_from: date
    active_to: date | None


class _Faults(list[dict[str, Any]]):
    """What is wrong; messages never repeat a value, which may be personal."""

    def note(self, line: int, field: str, message: str) -> None:
        if len(self) < _FAULTS_MAX:
            self.append({"line": line, "field": field, "message": message})


def read_roster_file(body: bytes, today: date) -> list[RosterLine]:
    """All lines of the file. Raises InvalidError with every fault, so that the file can be corrected at once."""
    try:
        words = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError(f"The file is not UTF-8 (at byte {error.start}): save it as CSV UTF-8.") from error
    if "\x00" in words:
        raise InvalidError("The file holds NUL characters: save it as CSV UTF-8.")
    header, _, _ = words.partition("\n")
    reader = csv.reader(io.StringIO(words), delimiter=";" if header.count(";") > header.count(",") else ",")
    faults = _Faults()
    lines: list[RosterLine] = []
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        _check_header(names)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                faults.note(reader.line_num, "line", f"has {len(cells)} fields, the header {len(names)}")
                continue
            values = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
            found = _read_line(reader.line_num, values, today, faults)
            if found is not None:
                lines.append(found)
    except csv.Error as error:
        faults.note(reader.line_num, "line", f"is not CSV: {error}")
    _check_whole(lines, faults)
    if faults:
        raise refusal(faults)
    return lines


def refusal(faults: list[dict[str, Any]]) -> InvalidError:
    """The answer to a file with faults."""
    return InvalidError("The roster was not taken: nothing is changed. Correct the lines in `errors`.", errors=faults)


def _check_header(names: list[str]) -> None:
    missing = [name for name in _REQUIRED if name not in names]
    unknown = [name for name in names if name not in (*_REQUIRED, *_OPTIONAL)]
    if missing or unknown or len(names) != len(set(names)):
        expected = ",".join((*_REQUIRED, *_OPTIONAL))
        detail = f"{len(unknown)} unknown columns, missing: {', '.join(missing) or 'none'}"
        raise InvalidError(f"The first line names the columns, each once: {expected}. Here: {detail}.")


def _read_line(line: int, values: Mapping[str, str], today: date, faults: _Faults) -> RosterLine | None:
    before = len(faults)
    employment_type = values["employment_type"].upper()
    if employment_type not in _TYPES:
        faults.note(line, "employment_type", f"is one of {', '.join(_TYPES)}")
    nip = values["nip"]
    try:
        nip = read_nip(nip, employment_type, today)
    except InvalidNipError as error:
        faults.note(line, "nip", str(error))
    for field in ("name", "org_unit_name"):
        if not 1 <= len(values[field]) <= _NAME_MAX or not values[field].isprintable():
            faults.note(line, field, f"has 1 to {_NAME_MAX} printable characters")
    try:
        _IDENTIFIER.validate_python(values["org_unit_id"])
    except ValidationError:
        faults.note(line, "org_unit_id", "has 1 to 100 characters, none of them a control character")
    email = values.get("email") or None
    if email is not None and not _is_address(email):
        faults.note(line, "email", "is an address like nama@contoh.go.id")
    active_from = _date(line, "active_from", values["active_from"], faults)
    active_to = _date(line, "active_to", values["active_to"], faults) if values.get("active_to") else None
    if active_from and active_to and active_to < active_from:
        faults.note(line, "active_to", "lies before active_from")
    superior = (values.get("superior_nip") or "").replace(" ", "") or None
    if superior is not None and superior == nip:
        faults.note(line, "superior_nip", "is the officer's own")
    # At the limit of faults nothing is noted any more, and nothing is taken either.
    if active_from is None or len(faults) > before or len(faults) >= _FAULTS_MAX:
        return None
    return RosterLine(
        line,
        nip,
        values["name"],
        employment_type,
        values["org_unit_id"],
        values["org_unit_name"],
        superior,
        email,
        active_from,
        active_to,
    )


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= _EMAIL_MAX
    return plain and bool(at and local and domain) and "@" not in local


def _date(line: int, field: str, text: str, faults: _Faults) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS or len(text) != len("2026-01-01"):
        faults.note(line, field, f"is a date like 2026-01-01, from {_YEARS.start} to {_YEARS.stop - 1}")
        return None
    return found


def _check_whole(lines: list[RosterLine], faults: _Faults) -> None:
    seen: dict[str, int] = {}
    units: dict[str, tuple[str, int]] = {}
    for each in lines:
        first = seen.setdefault(each.nip, each.line)
        if first != each.line:
            faults.note(each.line, "nip", f"is also on line {first}")
        name, named_on = units.setdefault(each.org_unit_id, (each.org_unit_name, each.line))
        if name != each.org_unit_name:
            faults.note(each.line, "org_unit_name", f"differs from line {named_on}, which has the same org_unit_id")
