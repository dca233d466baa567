"""The canary's punches: each minute of the day gives a new result, and none is an absence."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest

from services.attendance.days.rules.day_inputs import DayResult
from services.attendance.days.rules.day_status import day_status
from services.attendance.hours.rules.day_hours import DayHours
from services.attendance.punches.rules.punch import Punch
from shared.contracts.events.canary import arrival_of, departure_of
from tests.unit.attendance.days.day_helpers import MONDAY, WIB, inputs, machine, shift

ALL_DAY = DayHours(time(0), time(0))


def day_after(minute: int, first: int = 0) -> DayResult:
    """The canary's day after punches in each minute from `first` to `minute`."""
    moments = [arrival_of(MONDAY), *(departure_of(MONDAY, each) for each in range(first, minute + 1))]
    punches = [Punch(moment.replace(tzinfo=WIB).astimezone(UTC), "m1") for moment in moments if moment is not None]
    return day_status(
        inputs(
            *punches,
            scheduled=shift(ALL_DAY),
            as_of=datetime.combine(MONDAY, time(), WIB) + timedelta(days=2, minutes=minute),
            machines=(machine("+2 00:00"),),
        )
    )


@pytest.mark.parametrize("minutes", [range(5), range(717, 723), range(1435, 1440)], ids=str)
def test_each_minute_gives_another_final_result(minutes: range) -> None:
    days = [day_after(minute) for minute in minutes]
    assert {(day.state, day.status, day.scheduled_minutes) for day in days} == {("final", "present", 1440)}
    assert all(before.credited_minutes != after.credited_minutes for before, after in pairwise(days))
    assert all(
        before.credited_minutes + 1 == after.credited_minutes
        for before, after in pairwise(days)
        if before.last_out is not None
    )


def test_a_day_without_its_first_minutes_is_computed_alike() -> None:
    """A canary that starts at noon sends the arrival with its first departure."""
    assert day_after(720, first=720) == day_after(720)
