"""For any units, rosters, weeks, holidays and leave, the day's hours equal those of a simple model."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.attendance.days.rules.day_inputs import DayInputs
from services.attendance.days.rules.day_status import day_status
from services.attendance.days.rules.working_time import CityTime, OfficerTime
from services.attendance.hours.rules.by_roster import RosterSetting
from services.attendance.hours.rules.day_hours import DayHours
from services.attendance.hours.rules.schedule import (
    CalendarDay,
    CalendarKind,
    MissingEntry,
    OffDay,
    RosterOff,
    RosterShift,
    ScheduledShift,
    ScheduleOverride,
    UnconfirmedHoliday,
    WeekKind,
    WeekSchedule,
)
from services.attendance.leave.rules.excuse import Excuse, ExcuseKind, ExcuseState, Half
from services.attendance.machines.rules.site import SiteMachine
from services.attendance.people.rules.history import changed_span, restated, value_on, with_step, without_step
from services.attendance.punches.rules.punch import Punch
from tests.unit.attendance.days.day_helpers import MONDAY, WIB, local, rules

SPAN = [MONDAY + timedelta(days=n) for n in range(14)]
DATES = st.sampled_from(SPAN)
UNITS = st.sampled_from(["office", "igd", "damkar"])
TYPES = st.sampled_from(["PNS", "PPPK", "PPPK_PART_TIME"])
HOURS = st.builds(DayHours, st.integers(0, 23).map(time), st.integers(0, 23).map(time))
FULL_WEEKS = st.dictionaries(st.integers(0, 6), HOURS, min_size=1, max_size=7)


def history(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.dictionaries(DATES, values, min_size=1, max_size=4).map(lambda steps: sorted(steps.items()))


def intervals(make: Any, *values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Values with different start dates; for equal dates, the order would decide and not the date."""
    each = st.builds(make, *values, DATES, st.none() | DATES)
    return st.lists(each, max_size=3, unique_by=lambda one: one.valid_from)


WEEKS = intervals(WeekSchedule, st.sampled_from(WeekKind), FULL_WEEKS)
SETTINGS = intervals(RosterSetting, st.booleans())
OVERRIDES = st.lists(
    st.builds(
        ScheduleOverride, st.sampled_from(["RAMADAN", "PIKET"]), st.sampled_from(WeekKind), FULL_WEEKS, DATES, DATES
    ),
    max_size=2,
    unique_by=lambda one: one.valid_from,
)
EXCUSES = st.builds(
    Excuse, st.just("CUTI_SAKIT"), st.sampled_from(ExcuseKind), st.sampled_from(Half), st.sampled_from(ExcuseState)
)
CITIES = st.builds(
    CityTime,
    rules=st.booleans().map(lambda complete: [replace(rules(), roster_must_be_complete=complete)]),
    weeks=WEEKS,
    unit_weeks=st.dictionaries(UNITS, WEEKS),
    unit_settings=st.dictionaries(UNITS, SETTINGS),
    overrides=OVERRIDES,
    calendar=st.dictionaries(
        DATES, st.builds(CalendarDay, st.sampled_from(CalendarKind), st.just("LIBUR_NASIONAL"), st.booleans())
    ),
)
OFFICERS = st.builds(
    OfficerTime,
    city=CITIES,
    units=history(UNITS),
    employment_types=history(TYPES),
    active_from=DATES,
    active_to=st.none() | DATES,
    weeks=WEEKS,
    settings=SETTINGS,
    roster=st.dictionaries(DATES, st.builds(RosterShift, HOURS) | st.just(RosterOff())),
    excuses=st.dictionaries(DATES, st.lists(EXCUSES, max_size=2)),
)


def at(steps: list[Any], day: date) -> Any:
    """The model goes through the dates one by one."""
    found = steps[0][1]
    for ahead in range((day - SPAN[0]).days + 1):
        found = dict(steps).get(SPAN[0] + timedelta(days=ahead), found)
    return found


def latest(things: Any, day: date) -> Any:
    found = None
    for one in sorted(things, key=lambda each: each.valid_from):
        if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to):
            found = one
    return found


def model(officer: OfficerTime, day: date) -> tuple[Any, ...]:
    """The date's kind and, if it has hours, their start and their length."""
    entry = officer.roster.get(day)
    if isinstance(entry, RosterOff):
        return ("off", "LEPAS_PIKET")
    if entry is not None:
        return ("work", *hours(entry.hours, day))
    city, unit = officer.city, at(list(officer.units), day)
    setting = latest(officer.settings, day) or latest(city.unit_settings.get(unit, ()), day)
    if setting is not None and setting.by_roster:
        return ("missing",) if city.rules[0].roster_must_be_complete else ("off", None)
    week = latest(officer.weeks, day)
    if at(list(officer.employment_types), day) != "PPPK_PART_TIME":
        week = week or latest(city.unit_weeks.get(unit, ()), day) or latest(city.weeks, day)
    if week is None or day.weekday() not in week.hours:
        return ("off", None)
    theirs = [each for each in city.overrides if each.kind is week.kind and day.weekday() in each.hours]
    override = latest(theirs, day)
    begin = hours((override or week).hours[day.weekday()], day)
    holiday = city.calendar.get(day)
    if holiday is None:
        return ("work", *begin)
    return ("off", "LIBUR_NASIONAL") if holiday.confirmed else ("open", *begin)


def hours(given: DayHours, day: date) -> tuple[datetime, int]:
    minutes = (given.end.hour - given.start.hour) * 60 or 1440
    return datetime.combine(day, given.start, WIB), minutes if minutes > 0 else minutes + 1440


def produced(officer: OfficerTime, day: date) -> tuple[Any, ...]:
    found = officer.scheduled_on(day, WIB)
    if isinstance(found, MissingEntry):
        return ("missing",)
    if isinstance(found, OffDay):
        return ("off", found.code)
    if isinstance(found, UnconfirmedHoliday):
        return ("open", found.shift.start, found.shift.minutes)
    return ("work", found.start, found.minutes)


@given(OFFICERS, DATES)
def test_the_hours_of_a_date_are_those_of_the_model(officer: OfficerTime, day: date) -> None:
    assert produced(officer, day) == model(officer, day)


@given(OFFICERS, DATES)
def test_the_shifts_that_compete_for_punches_are_those_of_the_dates_beside(officer: OfficerTime, day: date) -> None:
    expected = []
    for beside in (day - timedelta(days=1), day + timedelta(days=1)):
        kind, *more = model(officer, beside)
        employed = officer.active_from <= beside and (officer.active_to is None or beside <= officer.active_to)
        approved = [each for each in officer.excuses.get(beside, ()) if each.state is ExcuseState.APPROVED]
        halves = {
            half for each in approved for half in (Half.MORNING, Half.AFTERNOON) if each.half in (half, Half.NONE)
        }
        if employed and kind in ("work", "open") and len(halves) < 2:
            expected.append((beside, more[0]))
    assert [(shift.work_date, shift.start) for shift in officer.neighbours_of(day, WIB)] == expected


@given(OFFICERS, DATES)
def test_the_rules_are_those_of_the_employment_type_of_the_date(officer: OfficerTime, day: date) -> None:
    part_time = replace(rules(), id="part-time", employment_types=("PPPK_PART_TIME",))
    found = replace(officer, city=replace(officer.city, rules=[rules(), part_time])).rules_on(day)
    assert found is not None
    assert (found.id == "part-time") == (at(list(officer.employment_types), day) == "PPPK_PART_TIME")


@given(OFFICERS, DATES, st.lists(st.integers(0, 30 * 60), max_size=3), st.integers(0, 72))
def test_a_person_day_without_a_schedule_is_never_an_absence(
    officer: OfficerTime, day: date, minutes: list[int], told_hours: int
) -> None:
    scheduled = officer.scheduled_on(day, WIB)
    morning = local("00:00", day)
    result = day_status(
        DayInputs(
            work_date=day,
            zone=WIB,
            scheduled=scheduled,
            rules=rules(),
            as_of=morning + timedelta(days=30),
            neighbours=officer.neighbours_of(day, WIB),
            punches=tuple(Punch(morning + timedelta(minutes=n), "m1") for n in minutes),
            excuses=tuple(officer.excuses.get(day, ())),
            machines=(SiteMachine("m1", morning + timedelta(hours=told_hours)),),
            active_from=officer.active_from,
            active_to=officer.active_to,
        )
    )
    if not isinstance(scheduled, ScheduledShift):
        assert result.status != "absent"
        assert (result.deductions, result.late_minutes, result.credited_minutes) == ((), 0, 0)
    if officer.works_by_roster_on(day) and day not in officer.roster:
        assert result.status in ("off", "unknown", "excused", "official_duty")


@given(history(UNITS), UNITS, DATES, DATES)
def test_a_list_with_a_date_says_when_the_present_value_began(
    before: list[Any], unit: str, since: date, today: date
) -> None:
    after = restated(before, unit, since, today)
    planned = [step for step in before if step[0] > max(since, today)]
    assert after[len(after) - len(planned) :] == planned
    assert all(value_on(after, day) == unit for day in SPAN if since <= day <= max(since, today))
    others = [day for day, value in before if day < since and value != unit]
    if others:  # nothing changes up to the last other value, which is valid until the list's date
        last = max(others)
        assert all(value_on(after, day) == at(before, min(day, last)) for day in SPAN if day < since)
    else:
        assert value_on(after, SPAN[0]) == unit


@given(history(UNITS), UNITS, DATES)
def test_a_list_without_a_date_changes_nothing_before_today(before: list[Any], unit: str, today: date) -> None:
    after = restated(before, unit, None, today)
    assert value_on(after, today) == unit
    if before[0][0] < today:
        assert all(value_on(after, day) == at(before, day) for day in SPAN if day < today)
    if at(before, today) == unit:
        assert after == before


@given(history(UNITS), DATES, UNITS)
def test_a_step_holds_until_the_next_one_and_can_be_taken_back(before: list[Any], since: date, unit: str) -> None:
    after = with_step(before, since, unit)
    following = min((date_ for date_, _ in before if date_ > since), default=date.max)
    for day in SPAN:
        if since <= day < following:
            assert value_on(after, day) == unit
        elif day >= following or any(date_ < since for date_, _ in before):
            assert value_on(after, day) == at(before, day)
    if all(date_ != since for date_, _ in before):
        assert without_step(after, since) == before


@given(history(UNITS), history(UNITS))
def test_the_changed_span_holds_every_date_that_differs_and_ends_on_such_dates(
    before: list[Any], after: list[Any]
) -> None:
    differing = [day for day in SPAN if at(before, day) != at(after, day)]
    span = changed_span(before, after)
    if span is None:
        assert differing == []
        return
    assert all(span.first <= day <= span.last for day in differing)
    if span.first > SPAN[0]:
        assert span.first in differing
    if span.last < SPAN[-1]:
        assert span.last in differing
