"""Strict reading of rule data (YAML or JSON): every error names the place and what is expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

__all__ = ["PolicyError", "Reader"]

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


class PolicyError(ValueError):
    """Invalid rule data; the message is for the author of the rule."""


class Reader:
    """One mapping of rule data and its place in the document. Every method raises `PolicyError` on bad data."""

    __slots__ = ("_data", "path")

    def __init__(self, data: object, path: str) -> None:
        if not isinstance(data, Mapping):
            raise PolicyError(f"{path}: expected a mapping, not {type(data).__name__}")
        self._data: Mapping[object, object] = data
        self.path = path

    def has(self, key: str) -> bool:
        """Whether the key exists with a value other than null."""
        return self._data.get(key) is not None

    def keys(self) -> list[str]:
        """All keys, as text."""
        return [str(key) for key in self._data]

    def only(self, known: Set[str]) -> None:
        """Refuses unknown keys: a misspelt rule must not be ignored silently."""
        unknown = sorted(set(self.keys()) - known)
        if unknown:
            raise PolicyError(f"{self.path}: unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")

    def _get(self, key: str) -> object:
        value = self._data.get(key)
        if value is None:
            raise PolicyError(f"{self.path}.{key} is missing")
        return value

    def text(self, key: str) -> str:
        """Text of 1..500 characters."""
        value = self._get(key)
        if not isinstance(value, str) or not value.strip() or len(value) > 500:
            raise PolicyError(f"{self.path}.{key} must be text of 1 to 500 characters")
        return value.strip()

    def code(self, key: str) -> str:
        """A code: capitals, digits and underscores."""
        value = self.text(key)
        if not _CODE.fullmatch(value):
            raise PolicyError(f"{self.path}.{key} must be a code of capitals, digits and underscores, not {value!r}")
        return value

    def one_of(self, key: str, choices: Sequence[str]) -> str:
        """One of the choices."""
        value = self.text(key)
        if value not in choices:
            raise PolicyError(f"{self.path}.{key} must be one of {', '.join(choices)}, not {value!r}")
        return value

    def flag(self, key: str) -> bool:
        """true or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            raise PolicyError(f"{self.path}.{key} must be true or false")
        return value

    def integer(self, key: str, *, low: int, high: int = 2**31 - 1) -> int:
        """A whole number low..high."""
        value = self._get(key)
        if type(value) is not int or not low <= value <= high:
            raise PolicyError(f"{self.path}.{key} must be a whole number {low}..{high}")
        return value

    def decimal(self, key: str, *, low: Decimal, high: Decimal, places: int) -> Decimal:
        """An exact number low..high with at most `places` decimals; text or a whole number, never a float."""
        value = self._get(key)
        if isinstance(value, float):
            raise PolicyError(f'{self.path}.{key}: write the number in quotes ("{value}") to keep it exact')
        try:
            number = Decimal(value) if isinstance(value, (str, Decimal)) or type(value) is int else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite():
            raise PolicyError(f"{self.path}.{key} must be a number in quotes, not {value!r}")
        exponent = number.as_tuple().exponent
        if not low <= number <= high or not isinstance(exponent, int) or -exponent > places:
            raise PolicyError(f"{self.path}.{key} must be {low}..{high} with at most {places} decimals, not {value}")
        return number

    def day(self, key: str) -> date:
        """A date, as a YAML date or ISO text."""
        value = self._get(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value) if isinstance(value, str) else _refuse(f"{self.path}.{key}")
        except ValueError as error:
            raise PolicyError(f"{self.path}.{key} must be a date such as 2026-01-01") from error

    def section(self, key: str) -> Reader:
        """The mapping under the key."""
        return Reader(self._get(key), f"{self.path}.{key}")

    def sections(self, key: str) -> Iterable[Reader]:
        """The mappings in the list under the key."""
        value = self._get(key)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise PolicyError(f"{self.path}.{key} must be a list")
        return [Reader(item, f"{self.path}.{key}[{index}]") for index, item in enumerate(value)]


def _refuse(path: str) -> date:
    raise PolicyError(f"{path} must be a date such as 2026-01-01")
