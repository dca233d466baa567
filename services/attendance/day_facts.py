"""Reads everything that a batch of days depends on, in one query per kind of fact."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.domain.day_inputs import Direction, Excuse, ExcuseKind, ExcuseState, Half, Punch
from services.attendance.domain.rules import AttendanceRules, rules_from_mapping
from services.attendance.domain.schedule import (
    CalendarDay,
    CalendarKind,
    DayHours,
    RosterOff,
    RosterShift,
    ScheduleOverride,
    WeekKind,
    WeekSchedule,
)
from services.attendance.domain.week_hours import WeekHours, week_hours
from services.attendance.domain.windows import Window

__all__ = ["CALENDAR_CODES", "DayKey", "Facts", "StoredPunch", "read_facts", "read_punches", "read_rules"]

DayKey = tuple[UUID, date]

CALENDAR_CODES = {CalendarKind.HOLIDAY: "LIBUR_NASIONAL", CalendarKind.COLLECTIVE_LEAVE: "CUTI_BERSAMA"}
"""What fills a day's `excuse` on such a date."""

_DAY = timedelta(days=1)
_DIRECTIONS = {0: Direction.IN, 1: Direction.OUT, 4: Direction.IN, 5: Direction.OUT}  # 4 and 5: overtime
_KEYS = "unnest(cast(:employees as uuid[]), cast(:dates as date[])) as k (employee_id, work_date)"

_ROSTER = text(
    "select employee_id, work_date, kind, starts_at, ends_at, break_minutes from roster_shift"
    " where (employee_id, work_date) in (select k.employee_id, k.work_date + n"
    f" from {_KEYS}, generate_series(-1, 1) as n)"
)
_WEEKS = text(
    "select employee_id, org_unit_id, effective_from, effective_to, kind, days from week_schedule"
    " where employee_id is null or employee_id = any(cast(:employees as uuid[]))"
)
_OVERRIDES = text(
    "select code, kind, first_date, last_date, days from schedule_override"
    " where first_date <= cast(:last as date) and last_date >= cast(:first as date)"
)
_CALENDAR = text(
    "select day, kind, confirmed from calendar_day where day between :first and :last and kind <> 'workday'"
)
_EXCUSES = text(
    "select k.employee_id, k.work_date, x.code, x.kind, x.half, x.state"
    f" from {_KEYS} join excuse x on x.employee_id = k.employee_id"
    " and k.work_date between x.first_date and x.last_date where x.state <> 'revoked'"
)
_PUNCHES = text(
    """
    select k.employee_id, k.work_date, p.id, p.serial, p.at, p.local_time, p.status, p.verify, p.flags, p.counted,
           p.received_at, p.source, coalesce(f.direction_from, m.direction_from) as direction_from,
           case when f.serial is not null then f.org_unit_id
                when p.at >= coalesce(m.in_unit_from, '-infinity') then m.org_unit_id end as org_unit_id
    from unnest(cast(:employees as uuid[]), cast(:dates as date[]), cast(:starts as timestamptz[]),
                cast(:ends as timestamptz[])) as k (employee_id, work_date, starts_at, ends_at)
    join punch p on p.employee_id = k.employee_id and p.at between k.starts_at and k.ends_at
    left join machine m on m.serial = p.serial
    left join past_placement f
        on f.serial = p.serial and p.at >= coalesce(f.in_unit_from, '-infinity') and p.at < f.in_unit_to
    order by p.at, p.id
    """
)


@dataclass(frozen=True, slots=True)
class StoredPunch:
    """A punch of an officer with the unit of its machine and, for the explanation, its row."""

    at: datetime
    serial: str
    direction: Direction
    trusted: bool
    counted: bool
    org_unit_id: str | None
    row: Mapping[str, Any]

    def for_unit(self, org_unit_id: str) -> Punch:
        """As the rules see it for an officer of this unit."""
        own = self.org_unit_id == org_unit_id
        return Punch(self.at, self.serial, self.direction, self.trusted, self.counted, own)


@dataclass
class Facts:
    """Hours, calendar, excuses and rules for a batch of days."""

    rules: Sequence[AttendanceRules]
    overrides: Sequence[ScheduleOverride]
    calendar: Mapping[date, CalendarDay]
    roster: dict[UUID, dict[date, RosterShift | RosterOff]] = field(default_factory=lambda: defaultdict(dict))
    excuses: dict[DayKey, list[Excuse]] = field(default_factory=lambda: defaultdict(list))
    city_weeks: list[WeekSchedule] = field(default_factory=list)
    unit_weeks: dict[str, list[WeekSchedule]] = field(default_factory=lambda: defaultdict(list))
    employee_weeks: dict[UUID, list[WeekSchedule]] = field(default_factory=lambda: defaultdict(list))

    def weeks(self, employee_id: UUID, employment_type: str, org_unit_id: str, work_date: date) -> list[WeekSchedule]:
        """The schedules of the most particular level that has one on the date: the officer, the unit, the city.

        The hours of a part-time contract are agreed one by one (KepmenPANRB 16/2025): only the officer's own count.
        """
        levels = [self.employee_weeks.get(employee_id, [])]
        if employment_type != "PPPK_PART_TIME":
            levels += [self.unit_weeks.get(org_unit_id, []), self.city_weeks]
        for level in levels:
            valid = [w for w in level if w.valid_from <= work_date and (w.valid_to is None or work_date <= w.valid_to)]
            if valid:
                return valid
        return []


@lru_cache(maxsize=1_000)
def _hours(days: str) -> WeekHours:
    return week_hours(json.loads(days))


@lru_cache(maxsize=100)
def _rules(content: str) -> AttendanceRules:
    return rules_from_mapping(json.loads(content))


async def read_rules(session: AsyncSession) -> list[AttendanceRules]:
    """All versions of the rules."""
    return [_rules(content) for content in (await session.execute(text("select content from rule_set"))).scalars()]


async def read_facts(session: AsyncSession, keys: Sequence[DayKey]) -> Facts:
    """The facts of these days and of the dates beside them, except punches and machines."""
    employees, dates = [employee_id for employee_id, _ in keys], [work_date for _, work_date in keys]
    values = {"employees": employees, "dates": dates}
    span = {"first": min(dates) - _DAY, "last": max(dates) + _DAY}
    facts = Facts(
        rules=await read_rules(session),
        overrides=[
            ScheduleOverride(row.code, WeekKind(row.kind), _hours(row.days).hours, row.first_date, row.last_date)
            for row in await session.execute(_OVERRIDES, span)
        ],
        calendar={
            row.day: CalendarDay(CalendarKind(row.kind), CALENDAR_CODES[CalendarKind(row.kind)], row.confirmed)
            for row in await session.execute(_CALENDAR, span)
        },
    )
    for row in await session.execute(_WEEKS, {"employees": sorted(set(employees))}):
        _add_week(facts, row)
    for row in await session.execute(_ROSTER, values):
        facts.roster[row.employee_id][row.work_date] = _roster_entry(row)
    for row in await session.execute(_EXCUSES, values):
        excuse = Excuse(row.code, ExcuseKind(row.kind), Half(row.half), ExcuseState(row.state))
        facts.excuses[row.employee_id, row.work_date].append(excuse)
    return facts


def _add_week(facts: Facts, row: Any) -> None:
    week = WeekSchedule(WeekKind(row.kind), _hours(row.days).hours, row.effective_from, row.effective_to)
    if row.employee_id is not None:
        facts.employee_weeks[row.employee_id].append(week)
    elif row.org_unit_id is not None:
        facts.unit_weeks[row.org_unit_id].append(week)
    else:
        facts.city_weeks.append(week)


def _roster_entry(row: Any) -> RosterShift | RosterOff:
    if row.kind == "off":
        return RosterOff()
    return RosterShift(DayHours(row.starts_at.time(), row.ends_at.time(), break_minutes=row.break_minutes))


async def read_punches(
    session: AsyncSession, windows: Iterable[tuple[DayKey, Window]]
) -> dict[DayKey, list[StoredPunch]]:
    """The punches in each day's window, from every machine of the city, in time order."""
    found: dict[DayKey, list[StoredPunch]] = defaultdict(list)
    listed = list(windows)
    if not listed:
        return found
    values = {
        "employees": [key[0] for key, _ in listed],
        "dates": [key[1] for key, _ in listed],
        "starts": [window.start for _, window in listed],
        "ends": [window.end for _, window in listed],
    }
    for row in (await session.execute(_PUNCHES, values)).mappings():
        punch = StoredPunch(
            at=row["at"],
            serial=row["serial"],
            direction=_DIRECTIONS.get(row["status"], Direction.UNKNOWN),
            trusted=row["direction_from"] == "status",
            counted=row["counted"],
            org_unit_id=row["org_unit_id"],
            row=dict(row),
        )
        found[row["employee_id"], row["work_date"]].append(punch)
    return found
