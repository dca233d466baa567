"""The query parameters of a machine's request, and its serial number.

Parameter names vary in case and spaces between firmwares, so they are compared trimmed and case-insensitively.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["DeviceQuery", "parse_query", "valid_serial"]

_SERIAL: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_STAMPS: Final = ("stamp", "attlogstamp", "opstamp", "operlogstamp", "photostamp")


def valid_serial(serial: str) -> bool:
    """Whether a serial number is safe to use as a key or path part: 1 to 64 letters, digits, `_` or `-`."""
    return _SERIAL.match(serial) is not None


@dataclass(frozen=True, slots=True)
class DeviceQuery:
    """The query parameters of a machine's request, trimmed, names in lower case; the first of equal names wins."""

    values: dict[str, str]

    def get(self, name: str, default: str = "") -> str:
        """The trimmed value of a parameter; the name is case-insensitive."""
        return self.values.get(name.lower(), default)

    @property
    def serial(self) -> str | None:
        """The serial number, or None when it is absent or invalid."""
        serial = self.get("SN")
        return serial if valid_serial(serial) else None

    @property
    def table(self) -> str:
        """The table in upper case (`ATTLOG`, `OPERLOG`, ...); empty when none is given."""
        return self.get("table").upper()

    @property
    def stamp(self) -> str | None:
        """The machine's own progress counter, stored for information only: it is wrong after a clock change."""
        return next((self.values[name] for name in _STAMPS if self.values.get(name)), None)

    @property
    def wants_options(self) -> bool:
        """Whether this is a handshake. Some firmwares add `options=all` to data posts too, so a table has precedence."""
        return not self.table and self.get("options").lower() == "all"


def parse_query(pairs: Iterable[tuple[str, str]]) -> DeviceQuery:
    """Builds the query with case-insensitive names from decoded query parameters."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name.strip().lower(), value.strip())
    return DeviceQuery(values)
