"""The semester that a request names."""

from __future__ import annotations

from datetime import date

from shared.contracts.semester import Semester
from shared.errors.errors import InvalidError

__all__ = ["requested_semester"]


def requested_semester(name: str | None, today: date, *, years: range, refusal: str) -> Semester:
    """The semester `name`, or the current one. Raises InvalidError, with `refusal` as the reason for another year."""
    if name is None:
        return Semester.of(today)
    try:
        semester = Semester.parse(name)
    except ValueError as error:
        raise InvalidError(f"`semester`: {error}.") from error
    if semester.year not in years:
        raise InvalidError(f"`semester`: {refusal}.")
    return semester
