"""One normalisation for every text of a file: invisible characters and kinds of blanks make no difference."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["clean", "is_formula_or_error", "lost_digits", "misread"]

_FORMULA_TEXT: Final = re.compile(r'="((?:[^"]|"")*)"')
"""In a CSV file, the formula ="0123" prevents Excel from reading a number."""
_TEXT_MARK: Final = re.compile(r"'(?=[0-9 ]+$)")
"""In Excel a leading apostrophe marks digits as text. Before letters it is part of the name, as in 'Aisyiyah."""
_SCIENTIFIC: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_AFTER_LEAD: Final = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MISREAD: Final = re.compile(f"\ufffd|[\u0080-\u0084\u0086-\u009f]|[ÂÃ][{_AFTER_LEAD}]|â€")
"""Signs of a wrong encoding: the replacement character; control characters of Latin-1 (without U+0085, a line end); and
UTF-8 that was read as Windows-1252 or Latin-1, where é is Ã©, a no-break space is Â and one, and ’ is â€™."""
_ERROR: Final = re.compile(r"#[A-Z0-9/_]+[!?]|#N/[A-Z]{1,2}|#GETTING_DATA|Err:[0-9]{3}|##+", re.IGNORECASE)
"""What a spreadsheet shows instead of a formula's result, as #REF! and #N/A; ### is a column that is too narrow."""
_NOTHING: Final = frozenset({"-", "–", "—"})


def clean(text: str) -> str:
    """The text in NFC, without invisible characters; each run of blanks is one space, none at the ends.

    Offices write a single dash for "nothing": it becomes an empty text.
    """
    if misread(text):
        return text.strip()  # else a soft hyphen or a no-break space, which may be a half of a letter, would disappear
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    text = " ".join(text.split())
    if text.startswith("=") and (formula := _FORMULA_TEXT.fullmatch(text)):
        text = formula[1].replace('""', '"').strip()
    elif text.startswith("'"):
        text = _TEXT_MARK.sub("", text).strip()
    return "" if text in _NOTHING else text


def misread(text: str) -> bool:
    """Whether letters were read in a wrong encoding before the file was made, as in AndrÃ© for André."""
    return _MISREAD.search(text) is not None


def lost_digits(text: str) -> bool:
    """Whether this is a long number in a spreadsheet's short form, as in 1,98501E+17."""
    return _SCIENTIFIC.fullmatch(text) is not None


def is_formula_or_error(text: str) -> bool:
    """Whether this is a formula, or the error that a spreadsheet shows instead of its result, and no value."""
    return text.startswith("=") or _ERROR.fullmatch(text) is not None
