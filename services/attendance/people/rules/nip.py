"""The NIP of a PNS and the NI of a PPPK: 18 digits with birth date, appointment, sex and a serial number.

PNS: birth yyyymmdd, appointment yyyymm, sex, serial. PPPK: birth yyyymmdd, appointment yyyy, a two-digit contract
code (not a month), sex, serial.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

__all__ = ["InvalidNipError", "has_nip_digits", "read_nip"]

AGE_MIN: Final = 17
AGE_MAX: Final = 75

_BLANKS: Final = re.compile(r"[ \u00a0]")
_DIGITS: Final = re.compile(r"[0-9]{18}", re.ASCII)
_ONLY_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_MONTHS: Final = range(1, 13)


class InvalidNipError(ValueError):
    """Not a valid NIP or NI. The message says what must be right ("must …") and never contains the whole number."""


def has_nip_digits(nip: str) -> bool:
    """Whether the text has the form of a NIP without blanks; `read_nip` checks its parts too."""
    return _DIGITS.fullmatch(nip) is not None


def read_nip(text: str, employment_type: str, today: date) -> str:
    """Returns the 18 digits without blanks. Raises InvalidNipError.

    The appointment month is checked for PNS only: a PPPK number has a contract code such as 21 at this position.
    """
    nip = _BLANKS.sub("", text)
    if not has_nip_digits(nip):
        found = f"{len(nip)}" if _ONLY_DIGITS.fullmatch(nip) else "other characters too"
        raise InvalidNipError(f"must have 18 digits; this has {found}")
    try:
        born = date(int(nip[:4]), int(nip[4:6]), int(nip[6:8]))
    except ValueError:
        raise InvalidNipError(f"must begin with the birth date as YYYYMMDD; {nip[:8]} is not a date") from None
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if not AGE_MIN <= age <= AGE_MAX:
        raise InvalidNipError(
            f"must begin with the birth date of a person aged {AGE_MIN} to {AGE_MAX}; this gives {age}"
        )
    if employment_type == "PNS" and int(nip[12:14]) not in _MONTHS:
        raise InvalidNipError(
            f"must have the month of appointment, 01 to 12, as digits 13 and 14 for a PNS; this has {nip[12:14]}"
        )
    if nip[14] not in "12":
        raise InvalidNipError(f"must have 1 or 2 as digit 15; this has {nip[14]}")
    if nip[15:] == "000":
        raise InvalidNipError(
            "must end with a serial number from 001 on; this ends with 000, as when a spreadsheet reads it as a number and loses"
            " the last digits. Format the column as text and type the NIP again"
        )
    return nip
