"""Parses the lines of an ATTLOG post: one punch per line, columns separated by one TAB.

Columns: PIN, time, status, verify mode, work code, two reserved columns. Columns from the eighth on depend on the
firmware. Only PIN and time are required. The time is the device's local time without a zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

__all__ = [
    "STATUS_NONE",
    "AttlogLine",
    "UnreadableLine",
    "UnreadableReason",
    "parse_attlog",
    "parse_device_time",
]

STATUS_NONE: Final = 255
"""The status code when the user chose neither "in" nor "out"."""

MAX_PIN_LENGTH: Final = 64
MAX_LINE_LENGTH: Final = 2_000
"""The longest known line (with a base64 location) has about 500 characters."""
MAX_COLUMNS: Final = 16
EXTRA_FROM_COLUMN: Final = 7
DISPLAY_LENGTH: Final = 400
EARLIEST_READABLE: Final = "1900"
LATEST_READABLE: Final = "2200"  # later years can overflow when converted between zones

_SMALL_NUMBERS: Final = {str(number): number for number in range(256)}
_MAX_CODE: Final = 32767


class UnreadableReason(StrEnum):
    """Why a line could not be parsed as a punch. The set is fixed; the caller stores the line itself."""

    LINE_TOO_LONG = "line_too_long"
    NUL_BYTE = "nul_byte"
    UNDECODABLE = "undecodable"
    KEY_VALUE_PAIRS = "key_value_pairs"
    ATTLOG_PREFIX = "attlog_prefix"
    TOO_FEW_COLUMNS = "too_few_columns"
    TOO_MANY_COLUMNS = "too_many_columns"
    PIN_EMPTY = "pin_empty"
    PIN_TOO_LONG = "pin_too_long"
    PIN_CONTROL_CHARACTER = "pin_control_character"
    TIME_INVALID = "time_invalid"


@dataclass(frozen=True, slots=True)
class AttlogLine:
    """One readable punch.

    `pin` is text because leading zeros matter. `local_time` is the device's local time without a zone. `status` is the raw
    direction code, 255 when none was chosen. `verify` is the raw verify code, None without that column. `extra` is the raw
    text from the eighth column on (with TABs). Its meaning depends on the firmware, so it is not part of a key.
    """

    pin: str
    local_time: datetime
    status: int
    verify: int | None
    work_code: str
    extra: str


@dataclass(frozen=True, slots=True)
class UnreadableLine:
    """A line that is not a punch. `line_text` is for display only: shortened, with undecodable bytes replaced."""

    line_text: str
    reason: UnreadableReason


def parse_attlog(body: bytes) -> list[AttlogLine | UnreadableLine]:
    """Parses a post body. Never raises. Returns one result per non-blank line, in order.

    The length of the result is the number to acknowledge: a machine resends a post forever when the number does not match
    the number of lines it sent.
    """
    text = body.decode("utf-8", errors="replace").removeprefix("\ufeff")
    trusted_text = body.isascii() and b"\0" not in body
    results: list[AttlogLine | UnreadableLine] = []
    for raw_line in text.split("\n"):
        line = raw_line.rstrip("\r")
        if not line or line.isspace():
            continue
        results.append(_parse_line(line) if trusted_text else _parse_suspect_line(line))
    return results


def _parse_suspect_line(line: str) -> AttlogLine | UnreadableLine:
    if "\0" in line:
        return _unreadable(line, UnreadableReason.NUL_BYTE)
    if "\ufffd" in line:
        return _unreadable(line, UnreadableReason.UNDECODABLE)
    return _parse_line(line)


def _parse_line(line: str) -> AttlogLine | UnreadableLine:
    if len(line) > MAX_LINE_LENGTH:
        return _unreadable(line, UnreadableReason.LINE_TOO_LONG)
    columns = line.split("\t")
    pin = columns[0].strip(" ")
    problem = _shape_problem(columns, pin)
    if problem is not None:
        return _unreadable(line, problem)
    local_time = parse_device_time(columns[1])
    if local_time is None:
        return _unreadable(line, UnreadableReason.TIME_INVALID)
    count = len(columns)
    status = _code(columns[2]) if count > 2 else None
    return AttlogLine(
        pin,
        local_time,
        STATUS_NONE if status is None else status,
        _code(columns[3]) if count > 3 else None,
        columns[4].strip(" ") if count > 4 else "",
        "\t".join(columns[EXTRA_FROM_COLUMN:]) if count > EXTRA_FROM_COLUMN else "",
    )


def _shape_problem(columns: Sequence[str], pin: str) -> UnreadableReason | None:
    # Fast path: nearly all PINs are digits only and need no check for prefixes and control characters.
    if pin.isalnum() and 1 < len(columns) <= MAX_COLUMNS and len(pin) <= MAX_PIN_LENGTH and pin[0] not in "Aa":
        return None
    start = pin[:7].upper()
    if start.startswith("ATTLOG"):
        return UnreadableReason.ATTLOG_PREFIX
    if start.startswith(("PIN=", "TABLE=", "DATA=")):
        return UnreadableReason.KEY_VALUE_PAIRS
    if len(columns) < 2:
        return UnreadableReason.TOO_FEW_COLUMNS
    if len(columns) > MAX_COLUMNS:
        return UnreadableReason.TOO_MANY_COLUMNS
    if not pin:
        return UnreadableReason.PIN_EMPTY
    if len(pin) > MAX_PIN_LENGTH:
        return UnreadableReason.PIN_TOO_LONG
    return None if pin.isprintable() else UnreadableReason.PIN_CONTROL_CHARACTER


def parse_device_time(column: str) -> datetime | None:
    """Parses `YYYY-MM-DD HH:MM:SS` with a space or a T as separator; rejects other ISO 8601 forms."""
    text = column if len(column) == 19 else column.strip(" ")
    if (
        len(text) != 19
        or text[10] not in " T"
        or not (text[4] == text[7] == "-" and text[13] == text[16] == ":")
        or not EARLIEST_READABLE <= text[:4] < LATEST_READABLE
    ):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _code(column: str) -> int | None:
    """A number from 0 to 32767. Anything else gives None, so that it is not taken for 0 ("in")."""
    number = _SMALL_NUMBERS.get(column)
    if number is not None:
        return number
    text = column.strip(" ")
    if not (text.isascii() and text.isdecimal()) or len(text) > 5:
        return None
    number = int(text)
    return number if number <= _MAX_CODE else None


def _unreadable(line: str, reason: UnreadableReason) -> UnreadableLine:
    # PostgreSQL text cannot hold NUL. The caller stores the raw bytes.
    return UnreadableLine(line[:DISPLAY_LENGTH].replace("\0", "\ufffd"), reason)
