"""The semester that a request names, and why a name is refused."""

from __future__ import annotations

from datetime import date

import pytest

from shared.contracts.semester import Semester
from shared.errors.errors import InvalidError
from shared.http.semesters import requested_semester

TODAY = date(2026, 8, 4)


def asked(name: str | None) -> Semester:
    return requested_semester(name, TODAY, years=range(2000, 2201), refusal="no such year")


def test_without_a_name_it_is_the_current_one() -> None:
    assert asked(None) == Semester.of(TODAY)


@pytest.mark.parametrize("name", ["2000-S1", "2200-S2"])
def test_the_first_and_the_last_year_are_served(name: str) -> None:
    assert asked(name) == Semester.parse(name)


@pytest.mark.parametrize("name", ["1999-S2", "2201-S1"])
def test_another_year_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(InvalidError, match="no such year"):
        asked(name)


def test_what_is_no_semester_is_refused() -> None:
    with pytest.raises(InvalidError, match="`semester`"):
        asked("2026-S3")
