"""Whether a cell shows its number as plain digits, or as its number format changes it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["shows_plain_digits"]

_INVISIBLE: Final = re.compile(
    r"\[(?:\$-[0-9A-F]+|black|blue|cyan|green|magenta|red|white|yellow)\]|[_*].", re.IGNORECASE
)
"""Locales, colours, and blanks that align a number."""
_PLAIN: Final = re.compile(r"general|@|#*[0#]", re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"#,##[0#]")


def shows_plain_digits(number_format: str, value: float) -> bool:
    """Whether Excel shows the number, if it is whole, with the digits that the file has. 7 in the format 000 is shown as 007."""
    section = _INVISIBLE.sub("", _section(number_format, value)).strip()
    return bool(_PLAIN.fullmatch(section)) or (abs(value) < 1000 and bool(_THOUSANDS.fullmatch(section)))


def _section(number_format: str, value: float) -> str:
    """A format has up to four parts: of positive numbers, negative ones, zero, and texts."""
    parts = number_format.split(";")
    if value < 0 and len(parts) > 1:
        return parts[1]
    return parts[2] if value == 0 and len(parts) > 2 else parts[0]
