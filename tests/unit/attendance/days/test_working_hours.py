"""The hours of a unit, by which its machines are watched, and the shifts beside an officer's date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

from services.attendance.days.rules.working_time import CityTime, OfficerTime
from services.attendance.hours.rules.by_roster import RosterSetting
from services.attendance.hours.rules.day_hours import DayHours
from services.attendance.hours.rules.schedule import (
    CalendarDay,
    CalendarKind,
    OffDay,
    ScheduledShift,
    ScheduleOverride,
    WeekKind,
    WeekSchedule,
)
from services.attendance.leave.rules.excuse import Excuse, ExcuseKind
from tests.unit.attendance.days.day_helpers import MONDAY, OFFICE, WIB

LATE = DayHours(time(13), time(21))
SHORT = DayHours(time(8), time(11))
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
CITY = CityTime(
    weeks=[WeekSchedule(WeekKind.FIVE_DAY, dict.fromkeys(range(5), OFFICE), date(2026, 1, 1))],
    unit_weeks={"clinic": [WeekSchedule(WeekKind.FIVE_DAY, dict.fromkeys(range(5), LATE), MONDAY, TUESDAY)]},
    unit_settings={"igd": [RosterSetting(by_roster=True, valid_from=TUESDAY)]},
    overrides=[ScheduleOverride("RAMADAN", WeekKind.FIVE_DAY, {1: SHORT}, MONDAY, WEDNESDAY)],
    calendar={WEDNESDAY: CalendarDay(CalendarKind.HOLIDAY, "LIBUR_NASIONAL")},
)


def starts(unit: str, day: date) -> time | None:
    found = CITY.unit_scheduled_on(unit, day, WIB)
    return found.start.astimezone(WIB).time() if isinstance(found, ScheduledShift) else None


def test_a_unit_has_its_own_week_on_the_dates_of_that_week_and_otherwise_the_citys() -> None:
    assert (starts("clinic", MONDAY), starts("office", MONDAY)) == (time(13), time(7, 30))
    assert starts("clinic", MONDAY - timedelta(days=3)) == time(7, 30)


def test_overrides_and_the_calendar_change_a_units_hours() -> None:
    assert (starts("clinic", TUESDAY), starts("office", TUESDAY)) == (time(8), time(8))
    assert CITY.unit_scheduled_on("office", WEDNESDAY, WIB) == OffDay("LIBUR_NASIONAL", ("HOLIDAY",))


def test_a_unit_works_by_roster_as_its_setting_says() -> None:
    assert [CITY.unit_works_by_roster_on("igd", day) for day in (MONDAY, TUESDAY)] == [False, True]
    assert not CITY.unit_works_by_roster_on("office", TUESDAY)


def test_an_officer_has_the_overrides_and_the_calendar_of_the_city() -> None:
    officer = OfficerTime(CITY, [(MONDAY, "office")], [(MONDAY, "PNS")], date(2026, 1, 1))
    tuesday = officer.scheduled_on(TUESDAY, WIB)
    assert isinstance(tuesday, ScheduledShift)
    assert (tuesday.start.astimezone(WIB).time(), tuesday.reasons) == (time(8), ("RAMADAN",))
    assert officer.scheduled_on(WEDNESDAY, WIB) == OffDay("LIBUR_NASIONAL", ("HOLIDAY",))


def test_only_a_shift_that_the_officer_has_to_work_competes_for_punches() -> None:
    def beside(officer: OfficerTime) -> list[date]:
        return [shift.work_date for shift in officer.neighbours_of(TUESDAY, WIB)]

    city = replace(CITY, calendar={}, overrides=[])
    officer = OfficerTime(city, [(MONDAY, "office")], [(MONDAY, "PNS")], date(2026, 1, 1))
    assert beside(officer) == [MONDAY, WEDNESDAY]
    assert beside(replace(officer, active_from=TUESDAY)) == [WEDNESDAY]
    assert beside(replace(officer, active_to=TUESDAY)) == [MONDAY]
    # a holiday that awaits its decree may still become a working day
    for confirmed, dates in ((False, [MONDAY, WEDNESDAY]), (True, [WEDNESDAY])):
        holiday = {MONDAY: CalendarDay(CalendarKind.HOLIDAY, "LIBUR_NASIONAL", confirmed)}
        assert beside(replace(officer, city=replace(city, calendar=holiday))) == dates
    leave = Excuse("CUTI_SAKIT", ExcuseKind.LEAVE)
    assert beside(replace(officer, excuses={MONDAY: [leave]})) == [WEDNESDAY]
