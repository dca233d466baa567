"""Reads a file of officers: CSV with a header, every fault with its line and field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from services.attendance.csv_file import Faults, read_date, read_rows
from services.attendance.domain.nip import InvalidNipError, read_nip
from shared.contracts.base import Identifier
from shared.email_address import checked_address
from shared.errors import InvalidError

__all__ = ["RosterLine", "read_roster_file", "refusal"]

_REQUIRED: Final = ("nip", "name", "employment_type", "org_unit_id", "org_unit_name", "active_from")
_OPTIONAL: Final = ("superior_nip", "email", "active_to", "unit_from", "employment_type_from")
_TYPES: Final = ("PNS", "PPPK", "PPPK_PART_TIME")
_NAME_MAX: Final = 200
_IDENTIFIER: Final[TypeAdapter[str]] = TypeAdapter(Identifier)


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One officer as the file has them; `line` counts from 1, the header included.

    `unit_from` and `employment_type_from`: since when unit and type are these; None where the file says nothing of it.
    """

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
    unit_from: date | None
    employment_type_from: date | None


def read_roster_file(body: bytes, today: date) -> list[RosterLine]:
    """All lines of the file. Raises InvalidError with every fault, so that the file can be corrected at once."""
    faults = Faults()
    lines: list[RosterLine] = []
    for line, values in read_rows(body, _REQUIRED, _OPTIONAL, faults):
        found = _read_line(line, values, today, faults)
        if found is not None:
            lines.append(found)
    _check_whole(lines, faults)
    if faults:
        raise refusal(faults)
    return lines


def refusal(faults: list[dict[str, Any]]) -> InvalidError:
    """The answer to a file with faults."""
    return InvalidError("The roster was not taken: nothing is changed. Correct the lines in `errors`.", errors=faults)


def _read_line(line: int, values: Mapping[str, str], today: date, faults: Faults) -> RosterLine | None:
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
    if email is not None:
        try:
            email = checked_address(email)
        except ValueError as error:
            faults.note(line, "email", str(error))
    active_from = read_date(line, "active_from", values["active_from"], faults)
    active_to, unit_from, type_from = (
        read_date(line, name, values[name], faults) if values.get(name) else None
        for name in ("active_to", "unit_from", "employment_type_from")
    )
    if active_from and active_to and active_to < active_from:
        faults.note(line, "active_to", "lies before active_from")
    superior = (values.get("superior_nip") or "").replace(" ", "") or None
    if superior is not None and superior == nip:
        faults.note(line, "superior_nip", "is the officer's own")
    if active_from is None or len(faults) > before or faults.full:
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
        unit_from,
        type_from,
    )


def _check_whole(lines: list[RosterLine], faults: Faults) -> None:
    seen: dict[str, int] = {}
    units: dict[str, tuple[str, int]] = {}
    for each in lines:
        first = seen.setdefault(each.nip, each.line)
        if first != each.line:
            faults.note(each.line, "nip", f"is also on line {first}")
        name, named_on = units.setdefault(each.org_unit_id, (each.org_unit_name, each.line))
        if name != each.org_unit_name:
            faults.note(each.line, "org_unit_name", f"differs from line {named_on}, which has the same org_unit_id")
