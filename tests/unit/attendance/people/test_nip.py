"""The number of a PNS and of a PPPK."""

from __future__ import annotations

from datetime import date

import pytest

from services.attendance.people.rules.nip import InvalidNipError, read_nip

TODAY = date(2026, 8, 3)


@pytest.mark.parametrize(
    ("nip", "employment_type"),
    [
        ("199608182022041001", "PNS"),
        ("19960818 202204 1 001", "PNS"),
        ("199009132025212001", "PPPK"),
        ("199009132025242001", "PPPK_PART_TIME"),
    ],
)
def test_a_right_number_is_read_without_blanks(nip: str, employment_type: str) -> None:
    assert read_nip(nip, employment_type, TODAY) == nip.replace(" ", "")


@pytest.mark.parametrize(
    ("nip", "employment_type", "message"),
    [
        ("199009132025212001", "PNS", "month"),
        ("199613012022041001", "PNS", "birth date"),
        ("199602302022041001", "PNS", "birth date"),
        ("19960818202204100", "PNS", "must have 18 digits; this has 17"),
        ("1996081820220410011", "PNS", "18 digits"),
        ("19960818202204100١", "PNS", "18 digits"),
        ("199608182022043001", "PNS", "digit 15"),
        ("199608182022041000", "PNS", "serial"),
        ("201008182022041001", "PNS", "age"),
        ("194008182022041001", "PNS", "age"),
        ("", "PPPK", "18 digits"),
    ],
)
def test_a_wrong_number_is_refused_with_the_part_that_is_wrong(nip: str, employment_type: str, message: str) -> None:
    with pytest.raises(InvalidNipError, match=message) as refusal:
        read_nip(nip, employment_type, TODAY)
    assert not nip or nip not in str(refusal.value)


def test_the_message_says_whether_digits_are_missing_or_something_else_is_there() -> None:
    for nip, found in (("19960818202204100", "17"), ("19960818202204100X", "other characters too")):
        with pytest.raises(InvalidNipError, match=f"^must have 18 digits; this has {found}$"):
            read_nip(nip, "PNS", TODAY)


@pytest.mark.parametrize(
    ("today", "allowed"), [(date(2071, 8, 18), True), (date(2072, 8, 17), True), (date(2072, 8, 18), False)]
)
def test_the_age_is_at_most_75(today: date, *, allowed: bool) -> None:
    if allowed:
        assert read_nip("199608182022041001", "PNS", today)
    else:
        with pytest.raises(InvalidNipError, match="aged 17 to 75; this gives 76"):
            read_nip("199608182022041001", "PNS", today)


@pytest.mark.parametrize(("today", "allowed"), [(date(2013, 8, 17), False), (date(2013, 8, 18), True)])
def test_the_age_counts_from_the_birthday(today: date, *, allowed: bool) -> None:
    if allowed:
        assert read_nip("199608182013081001", "PNS", today)
    else:
        with pytest.raises(InvalidNipError, match="age"):
            read_nip("199608182013081001", "PNS", today)
