"""Parses the lines of an OPERLOG post: menu operations and user records.

User and template lines contain passwords, card numbers and biometric templates in clear text. None of that is stored:
only the tag and PIN of a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.attendance.punches.rules.attlog import parse_device_time

__all__ = ["AUDIT_CODES", "OPERATION_NAMES", "OperEvent", "is_photo", "parse_operlog"]

AUDIT_CODES: Final = frozenset({13, 21, 22, 23, 24})
"""Operations that can remove evidence or change its time; each one belongs in the audit trail."""

OPERATION_NAMES: Final = {
    0: "power_on",
    1: "power_off",
    2: "verification_failed",
    3: "alarm",
    4: "menu_opened",
    5: "setting_changed",
    6: "fingerprint_enrolled",
    7: "password_enrolled",
    9: "user_deleted",
    10: "fingerprint_deleted",
    11: "password_deleted",
    12: "card_deleted",
    13: "data_purged",
    21: "time_set",
    22: "factory_reset",
    23: "records_deleted",
    24: "admin_rights_cleared",
    29: "door_opened",
    30: "user_enrolled",
    31: "user_changed",
    32: "duress",
    37: "user_changed",
}

_OPERATION_TAGS: Final = frozenset({"OPLOG", "PLOG"})  # some machines lose the first letter of a post
_PERSON_TAGS: Final = frozenset({"USER", "FP", "FACE", "USERPIC", "BIOPHOTO", "BIODATA"})
UNKNOWN_TAG: Final = "UNKNOWN"
_MAX_TEXT: Final = 64


@dataclass(frozen=True, slots=True)
class OperEvent:
    """One line: a menu operation (`OPLOG`), a person's record (tag and PIN only), or `UNKNOWN` (nothing stored).

    `who` is the PIN of the person at the menu, `local_time` the device's local time without a zone; None when unreadable.
    """

    tag: str
    code: int | None
    name: str | None
    who: str | None
    pin: str | None
    local_time: datetime | None

    @property
    def audit(self) -> bool:
        """Whether this operation must go to the audit trail."""
        return self.code in AUDIT_CODES


def parse_operlog(body: bytes) -> list[OperEvent]:
    """Parses a post body. Never raises. Returns one event per non-blank line: the length is the number to acknowledge."""
    text = body.decode("utf-8", errors="replace").removeprefix("\ufeff")
    return [_parse_line(line.strip("\r")) for line in text.split("\n") if line.strip()]


def is_photo(body: bytes) -> bool:
    """Whether the body is an uploaded photo, which firmware may send under any table name."""
    head = body[:2048]
    return b"CMD=uploadphoto" in head and b"\0" in head


def _parse_line(line: str) -> OperEvent:
    tag, _, rest = line.strip(" ").partition(" ")
    tag = tag.upper()
    if tag in _OPERATION_TAGS:
        return _operation(rest)
    if tag in _PERSON_TAGS:
        return OperEvent(tag, None, None, None, _pin_of(rest), None)
    return OperEvent(UNKNOWN_TAG, None, None, None, None, None)


def _operation(rest: str) -> OperEvent:
    columns = [column.strip(" ") for column in rest.split("\t")]
    code = int(columns[0]) if columns[0].isascii() and columns[0].isdecimal() and len(columns[0]) <= 4 else None
    who = columns[1] if len(columns) > 1 else ""
    time = parse_device_time(columns[2]) if len(columns) > 2 else None
    name = OPERATION_NAMES.get(code) if code is not None else None
    return OperEvent("OPLOG", code, name, _clean(who), None, time)


def _pin_of(rest: str) -> str | None:
    for field in rest.split("\t"):
        key, separator, value = field.partition("=")
        if separator and key.strip().upper() == "PIN":
            return _clean(value)
    return None


def _clean(text: str) -> str | None:
    value = text.strip(" ")
    return value if 0 < len(value) <= _MAX_TEXT and value.isprintable() and "\ufffd" not in value else None
