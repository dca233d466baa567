"""Reads the facts of officers' working time, one query per kind of fact: for a batch of days or for the whole city."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.attendance.days.rules.working_time import CityTime, OfficerTime
from services.attendance.hours import tables
from services.attendance.hours.queries import read_calendar
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
from services.attendance.regulation.tables import RuleSet
from shared.db.queries import query

__all__ = ["DayKey", "Employed", "read_city_time", "read_officer_times", "read_rules", "shift_of"]

T = TypeVar("T")
DayKey = tuple[UUID, date]


class Employed(Protocol):
    """The dates of an officer's employment, both included; None is open."""

    @property
    def active_from(self) -> date: ...

    @property
    def active_to(self) -> date | None: ...


_CALENDAR_CODES = {CalendarKind.HOLIDAY: "LIBUR_NASIONAL", CalendarKind.COLLECTIVE_LEAVE: "CUTI_BERSAMA"}
"""The `excuse` of a day on such a date."""
_DAY = timedelta(days=1)


class _WeekRow(NamedTuple):
    employee_id: UUID | None
    org_unit_id: str | None
    effective_from: date
    effective_to: date | None
    kind: str
    days: str


class _SettingRow(NamedTuple):
    employee_id: UUID | None
    org_unit_id: str | None
    by_roster: bool
    effective_from: date
    effective_to: date | None


class _EntryRow(NamedTuple):
    employee_id: UUID
    work_date: date
    kind: str
    starts_at: datetime | None
    ends_at: datetime | None
    """Both None on a day off."""
    break_minutes: int


class _ExcuseRow(NamedTuple):
    employee_id: UUID
    work_date: date
    code: str
    kind: str
    half: str
    state: str


# If two weeks or overrides begin on the same date, the one with the higher id counts, because it is read first.
_WEEKS = query(
    "select employee_id, org_unit_id, effective_from, effective_to, kind, days from week_schedule"
    " where employee_id is null or employee_id = any(cast(:employees as uuid[])) order by schedule_id desc",
    _WeekRow,
)
_SETTINGS = query(
    "select employee_id, org_unit_id, by_roster, effective_from, effective_to from roster_setting"
    " where employee_id is null or employee_id = any(cast(:employees as uuid[]))",
    _SettingRow,
)
# Includes the neighbour dates: their shifts compete for punches.
_KEYS = (
    "(select distinct k.employee_id, k.work_date + n"
    " from unnest(cast(:employees as uuid[]), cast(:dates as date[])) as k (employee_id, work_date),"
    " generate_series(-1, 1) as n) as k (employee_id, work_date)"
)
_ROSTER = query(
    "select r.employee_id, r.work_date, r.kind, r.starts_at, r.ends_at, r.break_minutes"
    f" from {_KEYS} join roster_shift r using (employee_id, work_date)",
    _EntryRow,
)
_EXCUSES = query(
    f"select k.employee_id, k.work_date, x.code, x.kind, x.half, x.state from {_KEYS}"
    " join excuse x on x.employee_id = k.employee_id and k.work_date between x.first_date and x.last_date"
    " where x.state in ('requested', 'approved')",
    _ExcuseRow,
)


class _Owned(Protocol):
    """A row that applies to an officer, a unit or the city."""

    @property
    def employee_id(self) -> UUID | None: ...

    @property
    def org_unit_id(self) -> str | None: ...


@dataclass
class _Levels(Generic[T]):
    """The values for the city, for units and for officers."""

    city: list[T] = field(default_factory=list)
    units: dict[str, list[T]] = field(default_factory=lambda: defaultdict(list))
    officers: dict[UUID, list[T]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: _Owned, value: T) -> None:
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
    return [_rules(content) for content in await session.scalars(select(RuleSet.content))]


async def read_city_time(session: AsyncSession, first: date, last: date) -> CityTime:
    """The working time of the city and its units between two dates, both included."""
    return await _city_time(session, first, last, await _weeks(session, []), await _settings(session, []))


async def read_officer_times(
    session: AsyncSession, keys: Sequence[DayKey], officers: Mapping[UUID, Employed]
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
    for row in await _ROSTER.all(session, values):
        if row.kind == "off" or row.starts_at is None or row.ends_at is None:
            roster[row.employee_id][row.work_date] = RosterOff()
        else:
            roster[row.employee_id][row.work_date] = shift_of(row.starts_at, row.ends_at, row.break_minutes)
    excuses: dict[UUID, dict[date, list[Excuse]]] = defaultdict(lambda: defaultdict(list))
    for each in await _EXCUSES.all(session, values):
        excuse = Excuse(each.code, ExcuseKind(each.kind), Half(each.half), ExcuseState(each.state))
        excuses[each.employee_id][each.work_date].append(excuse)
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


def shift_of(starts_at: datetime, ends_at: datetime, break_minutes: int) -> RosterShift:
    """The roster shift of an entry; both times are local."""
    return RosterShift(DayHours(starts_at.time(), ends_at.time(), break_minutes=break_minutes))


async def _weeks(session: AsyncSession, employees: Sequence[UUID]) -> _Levels[WeekSchedule]:
    found = _Levels[WeekSchedule]()
    for row in await _WEEKS.all(session, {"employees": list(employees)}):
        week = WeekSchedule(WeekKind(row.kind), _hours(row.days).hours, row.effective_from, row.effective_to)
        found.add(row, week)
    return found


async def _settings(session: AsyncSession, employees: Sequence[UUID]) -> _Levels[RosterSetting]:
    found = _Levels[RosterSetting]()
    for row in await _SETTINGS.all(session, {"employees": list(employees)}):
        found.add(row, RosterSetting(row.by_roster, row.effective_from, row.effective_to))
    return found


async def _city_time(
    session: AsyncSession, first: date, last: date, weeks: _Levels[WeekSchedule], settings: _Levels[RosterSetting]
) -> CityTime:
    overrides = await session.scalars(
        select(tables.ScheduleOverride)
        .where(col(tables.ScheduleOverride.first_date) <= last, col(tables.ScheduleOverride.last_date) >= first)
        .order_by(col(tables.ScheduleOverride.override_id).desc())
    )
    calendar = await read_calendar(session, first, last)
    return CityTime(
        rules=await read_rules(session),
        weeks=weeks.city,
        unit_weeks=weeks.units,
        unit_settings=settings.units,
        overrides=[
            ScheduleOverride(row.code, WeekKind(row.kind), _hours(row.days).hours, row.first_date, row.last_date)
            for row in overrides
        ],
        calendar={
            row.day: CalendarDay(CalendarKind(row.kind), _CALENDAR_CODES[CalendarKind(row.kind)], row.confirmed)
            for row in calendar
        },
    )
