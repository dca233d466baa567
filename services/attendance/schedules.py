"""Working hours: the city's, a unit's or an officer's weeks, dated overrides, and shifts on a roster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days import mark_all, mark_employee, mark_unit
from services.attendance.domain.schedule import WeekKind
from services.attendance.domain.week_hours import InvalidHoursError, WeekHours, week_hours
from services.attendance.rule_sets import read_document
from shared.errors import InvalidError
from shared.ids import new_id

__all__ = [
    "HoursOverride",
    "Shift",
    "Week",
    "load_default_week",
    "put_override",
    "put_shift",
    "put_week",
]

_DAY = timedelta(days=1)
_SHIFT_MAX = timedelta(days=1)

_LOCK_WEEK = text("select * from week_schedule where schedule_id = :id for update")
_PUT_WEEK = text(
    """
    insert into week_schedule (schedule_id, name, employee_id, org_unit_id, effective_from, effective_to, kind, days,
                               first_minute, last_minute)
    values (:id, :name, :employee_id, :org_unit_id, :effective_from, :effective_to, :kind, :days, :first, :last)
    on conflict (schedule_id) do update set name = excluded.name, employee_id = excluded.employee_id,
        org_unit_id = excluded.org_unit_id, effective_from = excluded.effective_from,
        effective_to = excluded.effective_to, kind = excluded.kind, days = excluded.days,
        first_minute = excluded.first_minute, last_minute = excluded.last_minute
    """
)
_PUT_OVERRIDE = text(
    """
    insert into schedule_override (override_id, name, code, kind, decree, first_date, last_date, days, first_minute,
                                   last_minute)
    values (:id, :name, :code, :kind, :decree, :first_date, :last_date, :days, :first, :last)
    on conflict (override_id) do update set name = excluded.name, code = excluded.code, kind = excluded.kind,
        decree = excluded.decree, first_date = excluded.first_date, last_date = excluded.last_date,
        days = excluded.days, first_minute = excluded.first_minute, last_minute = excluded.last_minute
    """
)
_PUT_SHIFT = text(
    """
    insert into roster_shift (employee_id, work_date, kind, starts_at, ends_at, break_minutes)
    values (:employee_id, :work_date, :kind, :starts_at, :ends_at, :break_minutes)
    on conflict (employee_id, work_date) do update set kind = excluded.kind, starts_at = excluded.starts_at,
        ends_at = excluded.ends_at, break_minutes = excluded.break_minutes
    """
)


@dataclass(frozen=True, slots=True)
class Week:
    """A week's hours for an officer, a unit or (neither) the whole city."""

    schedule_id: UUID
    name: str
    kind: WeekKind
    days: Mapping[str, Any]
    effective_from: date
    effective_to: date | None = None
    employee_id: UUID | None = None
    org_unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class HoursOverride:
    """Other hours between two dates, both included, by decree."""

    override_id: UUID
    name: str
    code: str
    kind: WeekKind
    decree: str
    first_date: date
    last_date: date
    days: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shift:
    """An officer's shift on a date, in local time, or (no times) a day off."""

    employee_id: UUID
    work_date: date
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    break_minutes: int = 0


async def put_week(session: AsyncSession, week: Week) -> None:
    """Keeps a week and marks the days that it governs or governed. Raises InvalidError."""
    if week.employee_id is not None and week.org_unit_id is not None:
        raise InvalidError("A schedule is for an officer or for a unit, not for both: leave one of them out.")
    if week.effective_to is not None and week.effective_to < week.effective_from:
        raise InvalidError("`effective_to` lies before `effective_from`.")
    hours = _checked(week.days)
    before = (await session.execute(_LOCK_WEEK, {"id": week.schedule_id})).first()
    values = {
        "id": week.schedule_id,
        "name": week.name,
        "employee_id": week.employee_id,
        "org_unit_id": week.org_unit_id,
        "effective_from": week.effective_from,
        "effective_to": week.effective_to,
        "kind": week.kind.value,
        "days": json.dumps(week.days),
        "first": hours.first_minute,
        "last": hours.last_minute,
    }
    await session.execute(_PUT_WEEK, values)
    for governed in (before, week):
        if governed is not None:
            await _mark_governed(session, governed)


async def _mark_governed(session: AsyncSession, week: Any) -> None:
    # One more date at each end: the neighbours' windows compete for punches.
    first, last = _before(week.effective_from), _after(week.effective_to or date.max)
    if week.employee_id is not None:
        await mark_employee(session, week.employee_id, first, last)
    elif week.org_unit_id is not None:
        await mark_unit(session, week.org_unit_id, first, last)
    else:
        await mark_all(session, first, last)


async def put_override(session: AsyncSession, override: HoursOverride) -> None:
    """Keeps dated hours (Ramadan) and marks all days that they touch. Raises InvalidError."""
    if override.last_date < override.first_date:
        raise InvalidError("`last_date` lies before `first_date`.")
    hours = _checked(override.days)
    query = text("select first_date, last_date from schedule_override where override_id = :id for update")
    before = (await session.execute(query, {"id": override.override_id})).first()
    values = {
        "id": override.override_id,
        "name": override.name,
        "code": override.code,
        "kind": override.kind.value,
        "decree": override.decree,
        "first_date": override.first_date,
        "last_date": override.last_date,
        "days": json.dumps(override.days),
        "first": hours.first_minute,
        "last": hours.last_minute,
    }
    await session.execute(_PUT_OVERRIDE, values)
    for governed in (before, override):
        if governed is not None:
            await mark_all(session, _before(governed.first_date), _after(governed.last_date))


async def put_shift(session: AsyncSession, shift: Shift) -> None:
    """Keeps a roster entry and marks the dates around it. Raises InvalidError."""
    starts, ends = shift.starts_at, shift.ends_at
    if (starts is None) != (ends is None):
        raise InvalidError("`starts_at` and `ends_at` come together; leave both out for a day off.")
    if starts is not None and ends is not None:
        if starts.date() != shift.work_date:
            raise InvalidError("A shift belongs to the date on which it starts: `starts_at` has another date.")
        if not timedelta(0) < ends - starts <= _SHIFT_MAX or timedelta(minutes=shift.break_minutes) >= ends - starts:
            raise InvalidError("A shift ends after its start, within 24 hours, and is longer than its break.")
    values = {
        "employee_id": shift.employee_id,
        "work_date": shift.work_date,
        "kind": "off" if starts is None else "shift",
        "starts_at": starts,
        "ends_at": ends,
        "break_minutes": shift.break_minutes,
    }
    await session.execute(_PUT_SHIFT, values)
    await mark_employee(session, shift.employee_id, _before(shift.work_date), _after(shift.work_date))


async def load_default_week(session: AsyncSession, words: bytes) -> None:
    """Gives the city its first week where there is no schedule at all."""
    # Two processes that start together must not both find the table empty.
    await session.execute(text("lock table week_schedule in share row exclusive mode"))
    if (await session.execute(text("select 1 from week_schedule limit 1"))).first() is not None:
        return
    document = read_document(words)
    week = Week(new_id(), document["name"], WeekKind(document["kind"]), document["days"], document["effective_from"])
    await put_week(session, week)


def _checked(days: Mapping[str, Any]) -> WeekHours:
    try:
        return week_hours(days)
    except InvalidHoursError as error:
        raise InvalidError(f"The hours cannot be used: {error}.") from error


def _before(day: date) -> date:
    return day if day == date.min else day - _DAY


def _after(day: date) -> date:
    return day if day == date.max else day + _DAY
