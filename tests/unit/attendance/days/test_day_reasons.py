"""The reasons of a day, all of them and in their order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.attendance.days.rules.day_inputs import DayResult
from services.attendance.days.rules.day_status import day_status
from services.attendance.hours.rules.schedule import MissingEntry, OffDay, UnconfirmedHoliday
from services.attendance.leave.rules.excuse import Excuse, ExcuseKind, ExcuseState, Half
from services.attendance.machines.rules.site import Outage
from tests.unit.attendance.days.day_helpers import inputs, local, machine, punch, rules, shift

LEAVE = Excuse("CUTI_SAKIT", ExcuseKind.LEAVE)
DUTY = Excuse("DINAS_LUAR", ExcuseKind.DUTY)
MORNING = Excuse("IZIN", ExcuseKind.LEAVE, Half.MORNING)
REQUESTED = Excuse("IZIN", ExcuseKind.LEAVE, state=ExcuseState.REQUESTED)
STRICT = replace(rules(), absent_percent=Decimal(1), absent_half_day_percent=Decimal(1))
EVENING = Outage(local("15:00"), None, "m1")


def judge(*punches: Any, **changes: Any) -> DayResult:
    return day_status(inputs(*punches, **changes))


@pytest.mark.parametrize(
    ("punches", "changes", "reasons"),
    [
        # with punches
        (("07:30", "16:00"), {}, ()),
        (("07:30:01", "16:00"), {}, ("LATE",)),
        (("07:30", "15:59:59"), {}, ("EARLY_LEAVE",)),
        (("08:00", "15:00"), {}, ("LATE", "EARLY_LEAVE")),
        (("07:30",), {}, ("OUT_MISSING",)),
        (("16:00",), {}, ("IN_MISSING",)),
        (("09:01", "15:00"), {"rules": STRICT}, ("LATE", "EARLY_LEAVE", "DAY_CAP")),
        (("07:30",), {"outages": (EVENING,)}, ("OUTAGE",)),
        (("07:30",), {"machines": (machine(in_service_to=local("15:00")),)}, ("NO_MACHINE",)),
        (
            (punch("07:30", own_site=False), "16:00", punch("17:00", counted=False)),
            {},
            ("PUNCH_NOT_COUNTED", "OTHER_SITE"),
        ),
        (("13:00", "16:00"), {"excuses": (MORNING,)}, ("HALF_DAY",)),
        # not complete yet
        ((), {"as_of": local("19:59:59"), "machines": (machine("20:00"),)}, ("DAY_NOT_OVER",)),
        ((), {"as_of": local("20:00"), "machines": ()}, ("NO_MACHINE",)),
        ((), {"as_of": local("12:00"), "machines": ()}, ("DAY_NOT_OVER", "NO_MACHINE")),
        ((), {"machines": (machine("12:00"),)}, ("AWAITING_MACHINES",)),
        ((), {"machines": (machine(clock_ok=False),)}, ("AWAITING_MACHINES", "MACHINE_CLOCK_WRONG")),
        (("07:40",), {"machines": (machine("12:00"),)}, ("AWAITING_MACHINES", "LATE")),
        # without punches
        ((), {}, ("NO_PUNCH",)),
        ((), {"excuses": (REQUESTED,)}, ("NO_PUNCH", "EXCUSE_REQUESTED")),
        ((), {"outages": (Outage(local("00:00"), None),)}, ("OUTAGE",)),
        ((), {"machines": (machine(in_service_to=local("15:00")),)}, ("NO_MACHINE",)),
        # leave and duty
        ((), {"excuses": (LEAVE,)}, ("LEAVE",)),
        ((), {"excuses": (DUTY,), "as_of": local("20:00")}, ("DUTY",)),
        ((), {"excuses": (DUTY,), "as_of": local("19:59:59")}, ("DUTY", "DAY_NOT_OVER")),
    ],
)
def test_the_reasons_of_a_shift(punches: tuple[Any, ...], changes: dict[str, Any], reasons: tuple[str, ...]) -> None:
    assert judge(*punches, **changes).reasons == ("ROSTER", *reasons)


@pytest.mark.parametrize(
    ("scheduled", "changes", "reasons"),
    [
        (OffDay("LIBUR_NASIONAL", ("HOLIDAY",)), {}, ("HOLIDAY",)),
        (
            UnconfirmedHoliday("LIBUR_NASIONAL", shift(), ("HOLIDAY_UNCONFIRMED",)),
            {},
            ("ROSTER", "HOLIDAY_UNCONFIRMED"),
        ),
        (MissingEntry(), {}, ("ROSTER_NO_ENTRY",)),
        (MissingEntry(), {"excuses": (LEAVE,)}, ("ROSTER_NO_ENTRY", "LEAVE")),
        (MissingEntry(), {"excuses": (DUTY,)}, ("ROSTER_NO_ENTRY", "DUTY")),
    ],
)
def test_the_reasons_of_a_day_without_a_shift(
    scheduled: Any, changes: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    assert judge(scheduled=scheduled, **changes).reasons == reasons


def test_leave_and_duty_are_final_at_the_end_of_the_window() -> None:
    states = [judge(excuses=(DUTY,), as_of=local(text)).state for text in ("19:59:59", "20:00")]
    assert states == ["provisional", "final"]


def test_presence_for_half_a_day_costs_at_most_its_absence() -> None:
    day = judge("14:40", "15:00", excuses=(MORNING,))
    assert sum(each.percent for each in day.deductions) == rules().absent_half_day_percent == Decimal("1.5")
    assert "DAY_CAP" in day.reasons


def test_minutes_are_whole_numbers() -> None:
    day = judge("13:00", "16:00", excuses=(MORNING,))
    assert [type(minutes) for minutes in (day.scheduled_minutes, day.credited_minutes)] == [int, int]
