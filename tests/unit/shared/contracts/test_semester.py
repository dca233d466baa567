"""The half year: borders, order, and its forms as text and as a number."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.semester import Semester

semesters = st.builds(Semester, st.integers(1, 9999), st.sampled_from([1, 2]))


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 1, 1), "2026-S1"),
        (date(2026, 6, 30), "2026-S1"),
        (date(2026, 7, 1), "2026-S2"),
        (date(2026, 12, 31), "2026-S2"),
        (date(2028, 2, 29), "2028-S1"),
        (date.min, "0001-S1"),
        (date.max, "9999-S2"),
    ],
)
def test_a_date_belongs_to_the_half_year_around_it(day: date, text: str) -> None:
    assert str(Semester.of(day)) == text


@given(st.dates())
def test_a_date_lies_within_its_semester(day: date) -> None:
    semester = Semester.of(day)
    assert semester.first_day <= day <= semester.last_day


@given(semesters)
def test_text_and_number_round_trip(semester: Semester) -> None:
    assert Semester.parse(str(semester)) == semester
    assert Semester.from_number(semester.number) == semester
    assert 0 < semester.number < 2**15


@given(semesters.filter(lambda semester: semester.number > 2))
def test_the_previous_semester_ends_the_day_before(semester: Semester) -> None:
    assert semester.previous.last_day + timedelta(days=1) == semester.first_day
    assert semester.previous.number == semester.number - 1
    assert semester.previous < semester


@given(semesters, semesters)
def test_order_is_the_order_of_time(one: Semester, other: Semester) -> None:
    assert (one < other) == (one.first_day < other.first_day) == (one.number < other.number)


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-S3", "2026-S0", "2026-s1", "26-S1", "0000-S1", "2026-S1\n", " 2026-S1", "２０２６-S1"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="2026-S2"):
        Semester.parse(text)


@pytest.mark.parametrize(("year", "half"), [(0, 1), (10_000, 1), (2026, 0), (2026, 3)])
def test_a_semester_outside_the_calendar_is_refused(year: int, half: int) -> None:
    with pytest.raises(ValueError, match="no such semester"):
        Semester(year, half)


def test_nothing_comes_before_the_first_semester() -> None:
    with pytest.raises(ValueError, match="no such semester"):
        _ = Semester(1, 1).previous
