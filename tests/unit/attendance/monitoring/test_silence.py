"""A silent machine is reported in working hours only."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.attendance.days.rules.completeness import silent_since
from services.attendance.hours.rules.schedule import (
    CalendarDay,
    CalendarKind,
    HoursSources,
    RosterShift,
    WeekKind,
    WeekSchedule,
    scheduled_day,
)
from services.attendance.machines.rules.site import SiteMachine
from services.attendance.monitoring.rules.silence import Contact, is_silent
from tests.unit.attendance.days.day_helpers import MONDAY, NIGHT, OFFICE, WIB

WEEK = [WeekSchedule(WeekKind.FIVE_DAY, dict.fromkeys(range(5), OFFICE), date(2026, 1, 1))]
HOLIDAY = {MONDAY: CalendarDay(CalendarKind.HOLIDAY, "LIBUR_NASIONAL")}
SATURDAY = MONDAY + timedelta(days=5)
SILENT_DAYS = 7


def at(clock: str, day: date = MONDAY, zone: ZoneInfo = WIB) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)


def silent(now: datetime, heard: datetime, *, polls: bool = True, **more: object) -> bool:
    today = now.astimezone(WIB).date()
    days = [scheduled_day(day, WIB, HoursSources(schedules=WEEK, **more)) for day in (today - timedelta(days=1), today)]  # type: ignore[arg-type]
    return is_silent(Contact(heard, polls), days, now, SILENT_DAYS)


@pytest.mark.parametrize(
    ("now", "heard", "expected"),
    [
        (at("10:00"), at("08:59"), True),
        (at("10:00"), at("09:00"), False),  # one hour is allowed
        (at("08:29"), at("06:00"), False),  # work just began: it may be switched on only now
        (at("08:30"), at("06:00"), True),
        (at("16:00"), at("12:00"), True),
        (at("16:01"), at("12:00"), False),  # after working hours
        (at("10:00", SATURDAY), at("10:00"), False),
    ],
)
def test_a_machine_is_silent_only_in_working_hours(now: datetime, heard: datetime, expected: bool) -> None:
    assert silent(now, heard) is expected


def test_a_holiday_is_no_working_day() -> None:
    assert not silent(at("10:00"), at("06:00"), calendar=HOLIDAY)


def test_a_shift_that_began_yesterday_counts() -> None:
    night = {MONDAY: RosterShift(NIGHT)}
    tuesday = MONDAY + timedelta(days=1)
    assert silent(at("03:00", tuesday), at("22:00"), roster=night)
    assert not silent(at("03:00", tuesday), at("02:30", tuesday), roster=night)


def test_a_machine_without_polls_may_be_silent_for_the_days_of_the_rules() -> None:
    assert not silent(at("10:00"), at("10:00") - timedelta(days=SILENT_DAYS), polls=False)
    assert silent(at("10:00"), at("09:59") - timedelta(days=SILENT_DAYS), polls=False)


def test_a_machine_that_uploaded_everything_before_its_end_of_service_is_not_silent() -> None:
    heard, later = datetime(2026, 8, 4, 5, tzinfo=UTC), datetime(2026, 8, 20, 5, tzinfo=UTC)
    for ended, expected in ((None, heard), (heard + timedelta(seconds=1), heard), (heard, None)):
        machine = SiteMachine("m1", heard, in_service_to=ended)
        assert silent_since(machine, later, 7) == expected
