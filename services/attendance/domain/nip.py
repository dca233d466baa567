"""The NIP of a PNS and the NI of a PPPK: 18 digits that tell birth, appointment, sex and a serial number.

PNS: birth yyyymmdd, appointment yyyymm, sex, serial. PPPK: birth yyyymmdd, appointment yyyy, a two-digit contract
code (not a month), sex, serial.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

__all__ = ["InvalidNipError", "read_nip"]

AGE_MIN: Final = 17
AGE_MAX: Final = 75

_BLANKS: Final = re.compile(r"[ \u00a0]")
_DIGITS: Final = re.compile(r"[0-9]{18}", re.ASCII)
_ONLY_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_MONTHS: Final = range(1, 13)


class InvalidNipError(ValueError):
    """A number that cannot be an officer's; the message says what must be right ("must …") and never repeats the number."""


def read_nip(text: str, employment_type: str, today: date) -> str:
    """The 18 digits, blanks taken out. Raises InvalidNipError.

    The appointment's month is checked for PNS only: at the same place a PPPK number has a contract code such as 21.
    """
    nip = _BLANKS.sub("", text)
    if not _DIGITS.fullmatch(nip):
        found = f"{len(nip)}" if _ONLY_DIGITS.fullmatch(nip) else "other characters as well"
        raise InvalidNipError(f"must have 18 digits; this has {found}")
    try:
        born = date(int(nip[:4]), int(nip[4:6]), int(nip[6:8]))
    except ValueError:
        raise InvalidNipError(f"must begin with the birth date as YYYYMMDD; {nip[:8]} is no date") from None
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if not AGE_MIN <= age <= AGE_MAX:
        raise InvalidNipError(
            f"must begin with the birth date of a person at the age of {AGE_MIN} to {AGE_MAX}; this gives {age}"
        )
    if employment_type == "PNS" and int(nip[12:14]) not in _MONTHS:
        raise InvalidNipError(
            f"must have the month of appointment, 01 to 12, at digits 13 and 14 for a PNS; this has {nip[12:14]}"
        )
    if nip[14] not in "12":
        raise InvalidNipError(f"must have 1 or 2 at digit 15; this has {nip[14]}")
    if nip[15:] == "000":
        raise InvalidNipError(
            "must end with a serial number from 001 on; this ends with 000, as after a spreadsheet has made a number of it"
            " and lost its last digits. Format the column as text and type the NIP again"
        )
    return nip
