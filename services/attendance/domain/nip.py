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
_MONTHS: Final = range(1, 13)


class InvalidNipError(ValueError):
    """A number that cannot be an officer's; the message says which part is wrong and never repeats the number."""


def read_nip(text: str, employment_type: str, today: date) -> str:
    """The 18 digits, blanks taken out. Raises InvalidNipError.

    The appointment's month is checked for PNS only: at the same place a PPPK number has a contract code such as 21.
    """
    nip = _BLANKS.sub("", text)
    if _DIGITS.fullmatch(nip) is None:
        raise InvalidNipError("has 18 digits")
    try:
        born = date(int(nip[:4]), int(nip[4:6]), int(nip[6:8]))
    except ValueError:
        raise InvalidNipError("begins with the birth date as yyyymmdd, which this is not") from None
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if not AGE_MIN <= age <= AGE_MAX:
        raise InvalidNipError(f"gives an age outside {AGE_MIN} to {AGE_MAX}")
    if employment_type == "PNS" and int(nip[12:14]) not in _MONTHS:
        raise InvalidNipError("of a PNS has the month of appointment (01 to 12) at its digits 13 and 14")
    if nip[14] not in "12":
        raise InvalidNipError("has 1 or 2 at its digit 15")
    if nip[15:] == "000":
        raise InvalidNipError("ends with a serial number from 001 on")
    return nip
