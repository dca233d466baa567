"""Reads the facts of officers' working time, one query per kind of fact: for a batch of days or for the whole city."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days.rules.working_time import CityTime, OfficerTime
from services.attendance.hours.rules.by_roster import RosterSetting
from services.attendance.hours.rules.day_hours import DayHours
from services.attendance.hours.rules.schedule import (
    CalendarDay,
    CalendarKind,
    RosterOff,
    RosterShift,
    ScheduleOverride,
    WeekKind,
    WeekSchedule,
)
from services.attendance.hours.rules.week_hours import WeekHours, week_hours
from services.attendance.leave.rules.excuse import Excuse, ExcuseKind, ExcuseState, Half
from services.attendance.people.assignments import EMPLOYMENT_TYPE, UNIT, read_steps
from services.attendance.regulation.rules.rule_set import AttendanceRules, rules_from_mapping

__all__ = ["DayKey", "read_city_time", "read_officer_times", "read_rules", "shift_of"]

T = TypeVar("T")
DayKey = tuple[UUID, date]

_CALENDAR_CODES = {CalendarKind.HOLIDAY: "LIBUR_NASIONAL", CalendarKind.COLLECTIVE_LEAVE: "CUTI_BERSAMA"}
"""The `excuse` of a day on such a date."""
_DAY = timedelta(days=1)

# If two weeks or overrides begin on the same date, the one with the higher id counts, because it is read first.
_WEEKS = text(
    "select employee_id, org_unit_id, effective_from, effective_to, kind, days from week_schedule"
    " where employee_id is null or employee_id = any(cast(:employees as uuid[])) order by schedule_id desc"
)
_SETTINGS = text(
    "select employee_id, org_unit_id, by_roster, effective_from, effective_to from roster_setting"
    " where employee_id is null or employee_id = any(cast(:employees as uuid[]))"
)
_OVERRIDES = text(
    "select code, kind, first_date, last_date, days from schedule_override"
    " where first_date <= cast(:last as date) and last_date >= cast(:first as date) order by override_id desc"
)
_CALENDAR = text(
    "select day, kind, confirmed from calendar_day where day between :first and :last and kind <> 'workday'"
)
# Includes the neighbour dates: their shifts compete for punches.
_KEYS = (
    "(select distinct k.employee_id, k.work_date + n"
    " from unnest(cast(:employees as uuid[]), cast(:dates as date[])) as k (employee_id, work_date),"
    " generate_series(-1, 1) as n) as k (employee_id, work_date)"
)
_ROSTER = text(
    "select r.employee_id, r.work_date, r.kind, r.starts_at, r.ends_at, r.break_minutes"
    f" from {_KEYS} join roster_shift r using (employee_id, work_date)"
)
_EXCUSES = text(
    f"select k.employee_id, k.work_date, x.code, x.kind, x.half, x.state from {_KEYS}"
    " join excuse x on x.employee_id = k.employee_id and k.work_date between x.first_date and x.last_date"
    " where x.state in ('requested', 'approved')"
)


@dataclass
class _Levels(Generic[T]):
    """The values for the city, for units and for officers."""

    city: list[T] = field(default_factory=list)
    units: dict[str, list[T]] = field(default_factory=lambda: defaultdict(list))
    officers: dict[UUID, list[T]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: Any, value: T) -> None:
        if row.employee_id is not None:
            self.officers[row.employee_id].append(value)
        elif row.org_unit_id is not None:
            self.units[row.org_unit_id].append(value)
        else:
            self.city.append(value)


@lru_cache(maxsize=1_000)
def _hours(days: str) -> WeekHours:
    return week_hours(json.loads(days))


@lru_cache(maxsize=100)
def _rules(content: str) -> AttendanceRules:
    return rules_from_mapping(json.loads(content))


async def read_rules(session: AsyncSession) -> list[AttendanceRules]:
    """All versions of the rules."""
    return [_rules(content) for content in (await session.execute(text("select content from rule_set"))).scalars()]


async def read_city_time(session: AsyncSession, first: date, last: date) -> CityTime:
    """The working time of the city and its units between two dates, both included."""
    return await _city_time(session, first, last, await _weeks(session, []), await _settings(session, []))


async def read_officer_times(
    session: AsyncSession, keys: Sequence[DayKey], officers: Mapping[UUID, Any]
) -> dict[UUID, OfficerTime]:
    """The working time of officers on these days and the neighbour dates. `officers`: their rows, by employee_id.

    Officers without a row are left out.
    """
    keys = [key for key in keys if key[0] in officers]
    if not keys:
        return {}
    dates, employees = [work_date for _, work_date in keys], sorted({employee_id for employee_id, _ in keys})
    weeks, settings = await _weeks(session, employees), await _settings(session, employees)
    city = await _city_time(session, min(dates) - _DAY, max(dates) + _DAY, weeks, settings)
    units = await read_steps(session, UNIT, employees)
    types = await read_steps(session, EMPLOYMENT_TYPE, employees)
    values = {"employees": [employee_id for employee_id, _ in keys], "dates": dates}
    roster: dict[UUID, dict[date, RosterShift | RosterOff]] = defaultdict(dict)
    for row in await session.execute(_ROSTER, values):
        roster[row.employee_id][row.work_date] = RosterOff() if row.kind == "off" else shift_of(row)
    excuses: dict[UUID, dict[date, list[Excuse]]] = defaultdict(lambda: defaultdict(list))
    for row in await session.execute(_EXCUSES, values):
        excuse = Excuse(row.code, ExcuseKind(row.kind), Half(row.half), ExcuseState(row.state))
        excuses[row.employee_id][row.work_date].append(excuse)
    return {
        employee_id: OfficerTime(
            city,
            units[employee_id],
            types[employee_id],
            officers[employee_id].active_from,
            officers[employee_id].active_to,
            weeks.officers[employee_id],
            settings.officers[employee_id],
            roster[employee_id],
            excuses[employee_id],
        )
        for employee_id in employees
    }


def shift_of(row: Any) -> RosterShift:
    """The roster shift of a row."""
    return RosterShift(DayHours(row.starts_at.time(), row.ends_at.time(), break_minutes=row.break_minutes))


async def _weeks(session: AsyncSession, employees: Sequence[UUID]) -> _Levels[WeekSchedule]:
    found = _Levels[WeekSchedule]()
    for row in await _read(session, _WEEKS, employees):
        week = WeekSchedule(WeekKind(row.kind), _hours(row.days).hours, row.effective_from, row.effective_to)
        found.add(row, week)
    return found


async def _settings(session: AsyncSession, employees: Sequence[UUID]) -> _Levels[RosterSetting]:
    found = _Levels[RosterSetting]()
    for row in await _read(session, _SETTINGS, employees):
        found.add(row, RosterSetting(row.by_roster, row.effective_from, row.effective_to))
    return found


async def _read(session: AsyncSession, query: TextClause, employees: Sequence[UUID]) -> Any:
    return await session.execute(query, {"employees": list(employees)})


async def _city_time(
    session: AsyncSession, first: date, last: date, weeks: _Levels[WeekSchedule], settings: _Levels[RosterSetting]
) -> CityTime:
    span = {"first": first, "last": last}
    return CityTime(
        rules=await read_rules(session),
        weeks=weeks.city,
        unit_weeks=weeks.units,
        unit_settings=settings.units,
        overrides=[
            ScheduleOverride(row.code, WeekKind(row.kind), _hours(row.days).hours, row.first_date, row.last_date)
            for row in await session.execute(_OVERRIDES, span)
        ],
        calendar={
            row.day: CalendarDay(CalendarKind(row.kind), _CALENDAR_CODES[CalendarKind(row.kind)], row.confirmed)
            for row in await session.execute(_CALENDAR, span)
        },
    )
