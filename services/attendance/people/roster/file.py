"""Reads a file of officers and reports every fault with its line, column and value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.attendance.people.file_columns import EMPLOYMENT_TYPES, ROSTER_COLUMNS
from services.attendance.people.rules.nip import InvalidNipError, has_nip_digits, read_nip
from shared.base.email_address import checked_address
from shared.office_files import Faults, Row, read_rows

__all__ = ["SUBJECT", "RosterLine", "read_roster_file"]

SUBJECT: Final = "The roster"
_NAME_MAX: Final = 200
_UNIT_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One officer of the file, and the row.

    `unit_from` and `employment_type_from`: the start dates of unit and type; None if the file has none.
    """

    row: Row
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


def read_roster_file(body: bytes, today: date, faults: Faults) -> list[RosterLine]:
    """Returns all lines of the file. Raises InvalidError with every fault, so that one correction is enough.

    `faults` must be empty; the function adds the faults and the notes on dates to it.
    """
    lines: list[RosterLine] = []
    for row in read_rows(body, ROSTER_COLUMNS, faults):
        found = _read_line(row, today, faults)
        if found is not None:
            lines.append(found)
    _check_whole(lines, faults)
    faults.refuse(SUBJECT)
    return lines


def _read_line(row: Row, today: date, faults: Faults) -> RosterLine | None:
    before = len(faults)
    employment_type = _employment_type(row, faults)
    nip = _nip(row, employment_type, today, faults)
    name = _limited(row, "name", _NAME_MAX, faults)
    unit = _limited(row, "org_unit_id", _UNIT_MAX, faults)
    unit_name = _limited(row, "org_unit_name", _NAME_MAX, faults)
    email = _email(row, faults)
    active_from = row.date("active_from", faults, required=True)
    active_to, unit_from, type_from = (
        row.date(column, faults) for column in ("active_to", "unit_from", "employment_type_from")
    )
    if active_from and active_to and active_to < active_from:
        row.refuse("active_to", "must not be before active_from", faults)
    superior = _superior(row, nip, faults)
    if active_from is None or len(faults) > before or faults.full:
        return None
    return RosterLine(
        row, nip, name, employment_type, unit, unit_name, superior, email, active_from, active_to, unit_from, type_from
    )


def _employment_type(row: Row, faults: Faults) -> str:
    """The contract's value; for an unknown one, an empty text and a fault."""
    written = row.text("employment_type", faults, required=True)
    found = EMPLOYMENT_TYPES.get(written.replace("_", " ").lower(), "")
    if written and not found:
        row.refuse("employment_type", "must be PNS, PPPK or PPPK_PART_TIME", faults)
    return found


def _nip(row: Row, employment_type: str, today: date, faults: Faults) -> str:
    written = row.text("nip", faults, required=True)
    if not written:
        return ""
    try:
        return read_nip(written, employment_type, today)
    except InvalidNipError as error:
        row.refuse("nip", str(error), faults)
        return ""


def _superior(row: Row, nip: str, faults: Faults) -> str | None:
    superior = row.text("superior_nip", faults).replace(" ", "")
    if not superior:
        return None
    if not has_nip_digits(superior):
        row.refuse("superior_nip", f"must have 18 digits or be empty; this has {len(superior)} characters", faults)
    elif superior == nip:
        row.refuse("superior_nip", "must be another officer's NIP; this is the officer's own", faults)
    return superior


def _limited(row: Row, column: str, most: int, faults: Faults) -> str:
    found = row.text(column, faults, required=True)
    if len(found) > most:
        row.refuse(column, f"must have at most {most} characters; this has {len(found)}", faults)
    return found


def _email(row: Row, faults: Faults) -> str | None:
    written = row.text("email", faults)
    try:
        return checked_address(written) if written else None
    except ValueError as error:
        row.refuse("email", str(error), faults)
        return None


def _check_whole(lines: list[RosterLine], faults: Faults) -> None:
    seen: dict[str, int] = {}
    units: dict[str, tuple[str, int]] = {}
    for each in lines:
        line = each.row.line
        first = seen.setdefault(each.nip, line)
        if first != line:
            each.row.refuse("nip", f"must be in the file only once; line {first} has it too", faults)
        name, named_on = units.setdefault(each.org_unit_id, (each.org_unit_name, line))
        if name != each.org_unit_name:
            message = (
                f"must be the same on all lines of the unit; line {named_on} has another name for {each.org_unit_id}"
            )
            each.row.refuse("org_unit_name", message, faults)
