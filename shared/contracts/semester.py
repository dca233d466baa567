"""The half-year over which scores are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

__all__ = ["Semester"]

_TEXT = re.compile(r"([0-9]{4})-S([12])")


@dataclass(frozen=True, slots=True, order=True)
class Semester:
    """S1 = 1 January to 30 June, S2 = 1 July to 31 December, by local date in the unit's zone."""

    year: int
    half: int

    def __post_init__(self) -> None:
        if self.half not in (1, 2) or not 1 <= self.year <= 9999:
            raise ValueError(f"no such semester: year {self.year}, half {self.half}")

    @classmethod
    def of(cls, day: date) -> Semester:
        """The semester of a local date."""
        return cls.from_number(cls.number_of(day))

    @staticmethod
    def number_of(day: date) -> int:
        """The `number` of a local date's semester. Batches of thousands of days call this instead of `of`."""
        return day.year * 2 + (day.month > 6)

    @classmethod
    def parse(cls, text: str) -> Semester:
        """Reads "2026-S2"; raises ValueError with the expected form otherwise."""
        found = _TEXT.fullmatch(text)
        if not found or found[1] == "0000":
            raise ValueError(f"a semester is written like 2026-S2, not {text[:40]!r}")
        return cls(int(found[1]), int(found[2]))

    @property
    def first_day(self) -> date:
        return date(self.year, 1 if self.half == 1 else 7, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, 6, 30) if self.half == 1 else date(self.year, 12, 31)

    @property
    def previous(self) -> Semester:
        return Semester(self.year, 1) if self.half == 2 else Semester(self.year - 1, 2)

    @property
    def number(self) -> int:
        """Two per year and consecutive: compact in a database column (int2 up to the year 9999)."""
        return self.year * 2 + self.half - 1

    @classmethod
    def from_number(cls, number: int) -> Semester:
        """The semester of a `number`."""
        return cls(number // 2, number % 2 + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-S{self.half}"
