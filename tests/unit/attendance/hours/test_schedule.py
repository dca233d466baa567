"""Hours of a date: weeks of Perpres 21/2023, Ramadan, calendar and roster."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.attendance.hours.rules.by_roster import RosterSetting, works_by_roster
from services.attendance.hours.rules.day_hours import DayHours
from services.attendance.hours.rules.schedule import (
    CalendarDay,
    CalendarKind,
    HoursSources,
    MissingEntry,
    OffDay,
    RosterOff,
    RosterShift,
    ScheduledShift,
    ScheduleOverride,
    UnconfirmedHoliday,
    WeekKind,
    WeekSchedule,
    scheduled_day,
)
from tests.unit.attendance.days.day_helpers import MONDAY, NIGHT, OFFICE, WIB

FRIDAY_HOURS = DayHours(time(7, 30), time(16, 30), break_minutes=90)
WEEK = WeekSchedule(WeekKind.FIVE_DAY, dict.fromkeys(range(4), OFFICE) | {4: FRIDAY_HOURS}, date(2026, 1, 1))
RAMADAN = ScheduleOverride(
    "RAMADAN",
    WeekKind.FIVE_DAY,
    dict.fromkeys(range(4), DayHours(time(8), time(15), break_minutes=30))
    | {4: DayHours(time(8), time(15, 30), break_minutes=60)},
    MONDAY,
    MONDAY + timedelta(days=6),
)
HOLIDAY = CalendarDay(CalendarKind.HOLIDAY, "LIBUR_NASIONAL")


def minutes(day: date, **more: object) -> int:
    result = scheduled_day(day, WIB, HoursSources(schedules=[WEEK], **more))  # type: ignore[arg-type]
    return result.minutes if isinstance(result, ScheduledShift) else 0


def test_a_week_has_37_5_hours_and_in_ramadan_32_5() -> None:
    week = [MONDAY + timedelta(days=n) for n in range(7)]
    assert [minutes(day) for day in week] == [450] * 5 + [0, 0]
    assert [minutes(day, overrides=[RAMADAN]) for day in week] == [390] * 5 + [0, 0]
    assert minutes(MONDAY + timedelta(days=7), overrides=[RAMADAN]) == 450


def test_an_override_applies_only_to_weeks_of_its_kind_and_not_to_rosters() -> None:
    six = WeekSchedule(WeekKind.SIX_DAY, {0: OFFICE}, date(2026, 1, 1))
    shift = scheduled_day(MONDAY, WIB, HoursSources(schedules=[six], overrides=[RAMADAN]))
    assert isinstance(shift, ScheduledShift)
    assert shift.minutes == 450
    assert minutes(MONDAY, overrides=[RAMADAN], roster={MONDAY: RosterShift(NIGHT)}) == 420


def test_the_reasons_of_a_shift_say_where_its_hours_come_from() -> None:
    plain = scheduled_day(MONDAY, WIB, HoursSources(schedules=[WEEK]))
    assert isinstance(plain, ScheduledShift)
    assert plain.reasons == ()
    ramadan = scheduled_day(MONDAY, WIB, HoursSources(schedules=[WEEK], overrides=[RAMADAN]))
    assert isinstance(ramadan, ScheduledShift)
    assert (ramadan.reasons, ramadan.work_date) == (("RAMADAN",), MONDAY)
    awaited = CalendarDay(CalendarKind.HOLIDAY, "LIBUR_NASIONAL", confirmed=False)
    open_day = scheduled_day(MONDAY, WIB, HoursSources(schedules=[WEEK], calendar={MONDAY: awaited}))
    assert open_day == UnconfirmedHoliday("LIBUR_NASIONAL", plain, ("HOLIDAY_UNCONFIRMED",))


def test_a_roster_entry_overrides_the_calendar_and_a_rest_day_stays_a_rest_day() -> None:
    calendar = {MONDAY: HOLIDAY, MONDAY + timedelta(days=5): HOLIDAY}
    off = scheduled_day(MONDAY, WIB, HoursSources(schedules=[WEEK], calendar=calendar))
    assert off == OffDay("LIBUR_NASIONAL", ("HOLIDAY",))
    assert scheduled_day(MONDAY + timedelta(days=5), WIB, HoursSources(schedules=[WEEK], calendar=calendar)) == OffDay(
        None, ("REST_DAY",)
    )
    assert minutes(MONDAY, calendar=calendar, roster={MONDAY: RosterShift(OFFICE)}) == 450
    assert scheduled_day(MONDAY, WIB, HoursSources(schedules=[WEEK], roster={MONDAY: RosterOff()})) == OffDay(
        "LEPAS_PIKET", ("ROSTER_OFF",)
    )
    assert scheduled_day(MONDAY, WIB, HoursSources()) == OffDay(None, ("NO_SCHEDULE",))
    leave = CalendarDay(CalendarKind.COLLECTIVE_LEAVE, "CUTI_BERSAMA")
    assert scheduled_day(MONDAY, WIB, HoursSources(schedules=[WEEK], calendar={MONDAY: leave})) == OffDay(
        "CUTI_BERSAMA", ("COLLECTIVE_LEAVE",)
    )
    open_day = CalendarDay(CalendarKind.HOLIDAY, "LIBUR_NASIONAL", confirmed=False)
    assert isinstance(
        scheduled_day(MONDAY, WIB, HoursSources(schedules=[WEEK], calendar={MONDAY: open_day})), UnconfirmedHoliday
    )


def test_a_date_without_an_entry_of_an_officer_by_roster_has_no_other_hours() -> None:
    calendar = {MONDAY: HOLIDAY}
    for more in ({}, {"calendar": calendar}, {"overrides": [RAMADAN]}):
        free = scheduled_day(MONDAY, WIB, HoursSources(schedules=[WEEK], by_roster=True, **more))  # type: ignore[arg-type]
        assert free == OffDay(None, ("ROSTER_NO_ENTRY",))
    complete = {"by_roster": True, "roster_must_be_complete": True}
    assert scheduled_day(MONDAY, WIB, HoursSources(schedules=[WEEK], **complete)) == MissingEntry()  # type: ignore[arg-type]
    assert minutes(MONDAY, roster={MONDAY: RosterShift(NIGHT)}, **complete) == 420
    off = scheduled_day(MONDAY, WIB, HoursSources(schedules=[WEEK], roster={MONDAY: RosterOff()}, **complete))  # type: ignore[arg-type]
    assert off == OffDay("LEPAS_PIKET", ("ROSTER_OFF",))
    assert minutes(MONDAY, roster_must_be_complete=True) == 450


def test_an_officers_own_setting_overrides_the_units_and_a_later_one_the_earlier() -> None:
    unit = [RosterSetting(by_roster=True, valid_from=date(2026, 1, 1))]
    office = RosterSetting(by_roster=False, valid_from=MONDAY, valid_to=MONDAY + timedelta(days=1))
    own = [RosterSetting(by_roster=True, valid_from=date(2025, 1, 1)), office]
    assert [works_by_roster(MONDAY + timedelta(days=n), own, unit) for n in (-1, 0, 1, 2)] == [True, False, False, True]
    assert [works_by_roster(MONDAY + timedelta(days=n), [office], unit) for n in (-1, 0, 2)] == [True, False, True]
    assert not works_by_roster(date(2025, 12, 31), [], unit)
    assert not works_by_roster(MONDAY, [], [])


def test_a_later_schedule_replaces_an_earlier_one_from_its_date_on() -> None:
    later = WeekSchedule(WeekKind.FIVE_DAY, {0: DayHours(time(9), time(12))}, date(2026, 1, 12))
    for day, expected in ((MONDAY, 450), (date(2026, 1, 12), 180)):
        shift = scheduled_day(day, WIB, HoursSources(schedules=[later, WEEK]))
        assert isinstance(shift, ScheduledShift)
        assert shift.minutes == expected


def test_a_night_shift_ends_on_the_next_date_and_is_in_utc() -> None:
    shift = scheduled_day(MONDAY, WIB, HoursSources(roster={MONDAY: RosterShift(NIGHT)}))
    assert isinstance(shift, ScheduledShift)
    assert (shift.work_date, shift.start, shift.end) == (
        MONDAY,
        datetime(2026, 1, 5, 15, tzinfo=UTC),
        datetime(2026, 1, 5, 23, tzinfo=UTC),
    )
    assert shift.break_start == datetime(2026, 1, 5, 18, 30, tzinfo=UTC)
    assert {moment.tzinfo for moment in (shift.start, shift.end, shift.break_start, shift.break_end)} == {UTC}
    assert shift.start.tzinfo is UTC


@pytest.mark.parametrize(
    "wrong",
    [
        {"break_start": time(12)},
        {"break_start": time(12), "break_end": time(13), "break_minutes": 60},
        {"break_start": time(6), "break_end": time(7)},
        {"break_minutes": 600},
        {"break_minutes": -1},
    ],
)
def test_a_break_must_lie_inside_the_shift(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="break"):
        DayHours(time(7, 30), time(16), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        (time(7, 30), time(8, 30), (0, 60)),
        (time(15), time(16), (450, 510)),
        (time(7, 30), time(16), (0, 510)),
        (time(12), time(12), (270, 270)),
    ],
)
def test_a_break_may_begin_and_end_with_the_shift(start: time, end: time, minutes: tuple[int, int]) -> None:
    offsets = DayHours(time(7, 30), time(16), start, end).offsets()
    assert offsets == tuple(timedelta(minutes=each) for each in (510, *minutes))


def test_a_break_with_only_a_length_begins_in_a_whole_minute_at_or_before_the_middle() -> None:
    _, break_from, break_to = DayHours(time(7, 30), time(16, 1), break_minutes=60).offsets()
    assert (break_from, break_to) == (timedelta(minutes=225), timedelta(minutes=285))
