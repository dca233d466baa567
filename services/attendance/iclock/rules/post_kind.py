"""The kind of a machine's post: by its table. Old firmware sends no table: then by its lines and its stamp's name."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from services.attendance.access.rules.device_query import DeviceQuery
from services.attendance.iclock.rules.operlog import UNKNOWN_TAG, is_photo, parse_operlog
from services.attendance.punches.rules.attlog import AttlogLine, parse_attlog
from services.attendance.punches.rules.lines import first_lines

__all__ = ["ACCESS_PUNCH_TABLE", "PostKind", "access_dialect", "holds_person_data", "post_kind"]


class PostKind(StrEnum):
    """How a post is processed."""

    PUNCHES = "punches"
    MENU = "menu"
    """Menu operations and user records (secrets in them are not stored)."""
    NOT_NEEDED = "not_needed"
    """Templates, photos, people and settings: acknowledged and not stored."""
    NOT_UNDERSTOOD = "not_understood"
    """Stored as received, for an operator to examine."""


ACCESS_PUNCH_TABLE: Final = "RTLOG"
_ACCESS_TABLES: Final = frozenset({ACCESS_PUNCH_TABLE, "RTSTATE", "TABLEDATA"})
_NOT_NEEDED: Final = frozenset(
    {
        "ATTPHOTO", "BIODATA", "BIOPHOTO", "ERRORLOG", "FACE", "FINGERTMP", "FP", "FVEIN", "IDCARD", "OPTIONS", "PALM",
        "SELFSERVICEDATA", "SMS", "TEMPLATE", "TEMPLATEV10", "USER", "USERINFO", "USERPIC", "USER_SMS", "WORKCODE",
    }
)  # fmt: skip
_STAMPS: Final = {
    "attlogstamp": PostKind.PUNCHES,
    "operlogstamp": PostKind.MENU,
    "opstamp": PostKind.MENU,
    "attphotostamp": PostKind.NOT_NEEDED,
    "photostamp": PostKind.NOT_NEEDED,
    "stamp": PostKind.PUNCHES,  # last: newer firmware sends it for every table
}
_LOOK_BYTES: Final = 4_096
_SECRET_FIELDS: Final = (b"TMP=", b"CONTENT=", b"PASSWD=", b"TEMPLATE", b"CARD=")


def post_kind(query: DeviceQuery, body: bytes) -> PostKind:
    """Uses the table; without one, the first readable line; without a readable line, the name of the stamp.

    A photo is recognized whatever the table is.
    """
    if is_photo(body):
        return PostKind.NOT_NEEDED
    if query.table:
        return _by_table(query.table)
    head = first_lines(body, _LOOK_BYTES)
    if any(isinstance(line, AttlogLine) for line in parse_attlog(head)):
        return PostKind.PUNCHES
    if any(event.tag != UNKNOWN_TAG for event in parse_operlog(head)):
        return PostKind.MENU
    named = [kind for name, kind in _STAMPS.items() if query.get(name)]
    return named[0] if named else PostKind.NOT_UNDERSTOOD


def _by_table(table: str) -> PostKind:
    if table == "ATTLOG":
        return PostKind.PUNCHES
    if table == "OPERLOG":
        return PostKind.MENU
    return PostKind.NOT_NEEDED if table in _NOT_NEEDED else PostKind.NOT_UNDERSTOOD


def access_dialect(query: DeviceQuery) -> bool:
    """Whether the machine uses the access-control dialect (A&C PUSH in its menu)."""
    return query.get("DeviceType").lower() == "acc" or query.table in _ACCESS_TABLES


def holds_person_data(line: bytes) -> bool:
    """Whether a line of unknown kind looks like a person's record. Passwords, cards and templates are never stored."""
    upper = line.upper()
    return any(field in upper for field in _SECRET_FIELDS)
