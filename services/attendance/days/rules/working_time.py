"""An officer's working time on any date: unit, employment type, roster, weeks, calendar and leave of that date.

The date itself and its neighbour dates, whose shifts compete for punches, use the same functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from services.attendance.hours.rules.by_roster import RosterSetting, works_by_roster
from services.attendance.hours.rules.schedule import (
    CalendarDay,
    HoursSources,
    RosterOff,
    RosterShift,
    Scheduled,
    ScheduledShift,
    ScheduleOverride,
    UnconfirmedHoliday,
    WeekSchedule,
    scheduled_day,
)
from services.attendance.hours.rules.validity import valid_on
from services.attendance.leave.rules.excuse import Excuse
from services.attendance.leave.rules.excuses import merge_excuses, whole_day_excuse
from services.attendance.people.rules.history import Steps, employment, value_on
from services.attendance.regulation.rules.rule_set import AttendanceRules, rules_for

__all__ = ["CityTime", "OfficerTime"]

_DAY = timedelta(days=1)
_OWN_HOURS_ONLY = "PPPK_PART_TIME"
"""The hours of a part-time contract are agreed individually (KepmenPANRB 16/2025): only the officer's own week counts."""


@dataclass(frozen=True)
class CityTime:
    """The working time of units and of the whole city."""

    rules: Sequence[AttendanceRules] = ()
    weeks: Sequence[WeekSchedule] = ()
    unit_weeks: Mapping[str, Sequence[WeekSchedule]] = field(default_factory=dict)
    unit_settings: Mapping[str, Sequence[RosterSetting]] = field(default_factory=dict)
    overrides: Sequence[ScheduleOverride] = ()
    calendar: Mapping[date, CalendarDay] = field(default_factory=dict)

    def unit_works_by_roster_on(self, unit: str, day: date) -> bool:
        """Whether the unit's officers have only the roster's hours, unless an officer has a different setting."""
        return works_by_roster(day, (), self.unit_settings.get(unit, ()))

    def unit_scheduled_on(self, unit: str, day: date, zone: ZoneInfo) -> Scheduled:
        """The unit's schedule on the date, for units that do not work by roster."""
        return scheduled_day(
            day,
            zone,
            HoursSources(
                schedules=_first_valid(day, self.unit_weeks.get(unit, ()), self.weeks),
                overrides=self.overrides,
                calendar=self.calendar,
            ),
        )


@dataclass(frozen=True)
class OfficerTime:
    """One officer: personal settings by date, and those of the city."""

    city: CityTime
    units: Steps[str]
    employment_types: Steps[str]
    active_from: date
    active_to: date | None = None
    weeks: Sequence[WeekSchedule] = ()
    settings: Sequence[RosterSetting] = ()
    roster: Mapping[date, RosterShift | RosterOff] = field(default_factory=dict)
    excuses: Mapping[date, Sequence[Excuse]] = field(default_factory=dict)

    def unit_on(self, day: date) -> str:
        """The unit whose machines keep the day open."""
        return value_on(self.units, day)

    def rules_on(self, day: date) -> AttendanceRules | None:
        """The rules in force; None before the first rule set."""
        return rules_for(day, value_on(self.employment_types, day), self.city.rules)

    def works_by_roster_on(self, day: date) -> bool:
        """Whether the officer has only the roster's hours."""
        return works_by_roster(day, self.settings, self.city.unit_settings.get(self.unit_on(day), ()))

    def is_excused_on(self, day: date) -> bool:
        """Whether leave or duty covers the whole date."""
        return whole_day_excuse(merge_excuses(self.excuses.get(day, ()))) is not None

    def scheduled_on(self, day: date, zone: ZoneInfo) -> Scheduled:
        """What is scheduled on the date."""
        rules = self.rules_on(day)
        return scheduled_day(
            day,
            zone,
            HoursSources(
                schedules=self._weeks_on(day),
                overrides=self.city.overrides,
                roster=self.roster,
                calendar=self.city.calendar,
                by_roster=self.works_by_roster_on(day),
                roster_must_be_complete=rules is not None and rules.roster_must_be_complete,
            ),
        )

    def neighbours_of(self, day: date, zone: ZoneInfo) -> tuple[ScheduledShift, ...]:
        """The shifts of the previous and the next date, whose windows compete for punches."""
        shifts = (self._expected_on(day + _DAY * n, zone) for n in (-1, 1))
        return tuple(shift for shift in shifts if shift is not None)

    def _expected_on(self, day: date, zone: ZoneInfo) -> ScheduledShift | None:
        """The shift that the officer has to work; None on a day off, on leave and outside the employment."""
        if day not in employment(self.active_from, self.active_to):
            return None
        scheduled = self.scheduled_on(day, zone)
        shift = scheduled.shift if isinstance(scheduled, UnconfirmedHoliday) else scheduled
        if not isinstance(shift, ScheduledShift):
            return None
        return None if self.is_excused_on(day) else shift

    def _weeks_on(self, day: date) -> Sequence[WeekSchedule]:
        """The weeks of the most specific level that has one on the date: officer, unit, city."""
        if value_on(self.employment_types, day) == _OWN_HOURS_ONLY:
            return _first_valid(day, self.weeks)
        return _first_valid(day, self.weeks, self.city.unit_weeks.get(self.unit_on(day), ()), self.city.weeks)


def _first_valid(day: date, *levels: Sequence[WeekSchedule]) -> Sequence[WeekSchedule]:
    for level in levels:
        valid = valid_on(day, level)
        if valid:
            return valid
    return ()
