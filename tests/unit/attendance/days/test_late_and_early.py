"""Lateness (TL), early leave (PSW), missing punches and the cap of a day, with the default table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.attendance.punches.rules.punch import Punch
from tests.unit.attendance.days.day_helpers import judge, rules


def charged(*punches: str) -> dict[str, Decimal]:
    return {each.code: each.percent for each in judge(*punches).deductions}


@pytest.mark.parametrize(
    ("arrival", "minutes", "code", "percent"),
    [
        ("07:30:00", 0, None, None),
        ("07:30:01", 1, "TL1", "0.5"),
        ("08:00:00", 30, "TL1", "0.5"),
        ("08:00:01", 31, "TL2", "1"),
        ("08:30:00", 60, "TL2", "1"),
        ("08:30:01", 61, "TL3", "1.25"),
        ("09:00:00", 90, "TL3", "1.25"),
        ("09:01:00", 91, "TL4", "1.5"),
    ],
)
def test_late_bands(arrival: str, minutes: int, code: str | None, percent: str | None) -> None:
    day = judge(arrival, "16:00")
    assert (day.late_minutes, day.credited_minutes) == (minutes, 450 - minutes)
    assert charged(arrival, "16:00") == ({code: Decimal(percent)} if code and percent else {})


@pytest.mark.parametrize(
    ("departure", "minutes", "code", "percent"),
    [
        ("16:00:00", 0, None, None),
        ("15:59:59", 1, "PSW1", "0.5"),
        ("15:29:59", 31, "PSW2", "1"),
        ("15:00:00", 60, "PSW2", "1"),
        ("14:30:00", 90, "PSW3", "1.25"),
        ("14:29:00", 91, "PSW4", "1.5"),
    ],
)
def test_early_bands(departure: str, minutes: int, code: str | None, percent: str | None) -> None:
    day = judge("07:20", departure)
    assert (day.early_leave_minutes, day.credited_minutes) == (minutes, 450 - minutes)
    assert charged("07:20", departure) == ({code: Decimal(percent)} if code and percent else {})


def test_late_and_early_add_up_below_the_cap() -> None:
    assert charged("09:01", "15:00") == {"TL4": Decimal("1.5"), "PSW2": Decimal(1)}
    assert "DAY_CAP" not in judge("09:01", "15:00").reasons


def test_a_day_never_costs_more_than_an_absence() -> None:
    strict = replace(rules(), absent_percent=Decimal("2.5"))
    day = judge("09:01", "14:00", rules=strict)
    assert [(each.code, each.percent) for each in day.deductions] == [("TL4", Decimal("1.5")), ("PSW4", Decimal("1.0"))]
    assert "DAY_CAP" in day.reasons


def test_the_instants_of_the_zone() -> None:
    def late(second: int, minute: int) -> int:
        at = datetime(2026, 1, 5, 0, minute, second, tzinfo=UTC)
        return judge(Punch(at, "m1"), "16:00").late_minutes

    assert late(59, 29) == 0
    assert late(0, 31) == 1


def test_grace_forgives_small_lateness_and_gives_nothing_back_beyond() -> None:
    kind = replace(rules(), grace_minutes=15)
    assert judge("07:45", "15:45", rules=kind).credited_minutes == 450
    assert judge("07:45:01", "16:00", rules=kind).late_minutes == 16


def test_the_break_is_not_taken_off_and_credit_is_not_negative() -> None:
    assert judge("13:30", "16:00").late_minutes == 360
    assert judge("15:00", "15:30").credited_minutes == 0


@pytest.mark.parametrize(
    ("only", "missing", "code", "late"),
    [("07:40", "out", "TAP_OUT_MISSING", 10), ("11:44:59", "out", "TAP_OUT_MISSING", 255), ("11:45", "in", None, 0),
     ("16:05", "in", "TAP_IN_MISSING", 0)],
)  # fmt: skip
def test_a_lone_punch_is_the_in_before_the_middle(only: str, missing: str, code: str | None, late: int) -> None:
    day = judge(only)
    assert (day.status, day.missing_punches, day.late_minutes) == ("present", (missing,), late)
    if code:
        assert code in charged(only)


def test_a_missing_punch_leaves_half_of_the_day() -> None:
    day = judge("07:40")
    assert (day.credited_minutes, day.early_leave_minutes) == (225 - 10, 0)
    assert charged("07:40") == {"TL1": Decimal("0.5"), "TAP_OUT_MISSING": Decimal("1.5")}
    assert judge("16:05").credited_minutes == 225


def test_an_absence() -> None:
    day = judge()
    assert (day.state, day.status, day.scheduled_minutes, day.credited_minutes) == ("final", "absent", 450, 0)
    assert charged() == {"ABSENT": Decimal(3)}
