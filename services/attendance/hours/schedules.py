"""Working hours: week schedules of the city, a unit or an officer, and overrides for a period."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import day_after, day_before, enqueue_all, enqueue_spans, enqueue_unit
from services.attendance.hours.rules.schedule import WeekKind
from services.attendance.hours.rules.week_hours import InvalidHoursError, WeekHours, week_hours
from shared.base.ids import new_id
from shared.base.rule_documents import read_document
from shared.errors.errors import InvalidError, NotFoundError

__all__ = [
    "HoursOverride",
    "Week",
    "drop_override",
    "drop_week",
    "load_default_week",
    "put_override",
    "put_week",
]

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
_DROP_WEEK = text(
    "delete from week_schedule where schedule_id = :id returning employee_id, org_unit_id, effective_from, effective_to"
)
_DROP_OVERRIDE = text("delete from schedule_override where override_id = :id returning first_date, last_date")


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
    """Different hours between two dates, both included, by decree."""

    override_id: UUID
    name: str
    code: str
    kind: WeekKind
    decree: str
    first_date: date
    last_date: date
    days: Mapping[str, Any]


async def put_week(change: Change, week: Week) -> None:
    """Stores a week and enqueues the days it applies to or applied to before. Raises InvalidError."""
    if week.employee_id is not None and week.org_unit_id is not None:
        raise InvalidError("A schedule is for an officer or a unit, not for both. Leave one of them out.")
    if week.effective_to is not None and week.effective_to < week.effective_from:
        raise InvalidError("`effective_to` must not be before `effective_from`.")
    hours = _checked(week.days)
    before = (await change.session.execute(_LOCK_WEEK, {"id": week.schedule_id})).first()
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
    await change.session.execute(_PUT_WEEK, values)
    for governed in (before, week):
        if governed is not None:
            await _mark_governed(change, governed)


async def _mark_governed(change: Change, week: Any) -> None:
    # One extra date at each end: the windows of neighbour dates compete for punches.
    first, last = week.effective_from, week.effective_to or date.max
    if week.employee_id is not None:
        await enqueue_spans(change, [(week.employee_id, first, last)])
    elif week.org_unit_id is not None:
        await enqueue_unit(change, week.org_unit_id, day_before(first), day_after(last))
    else:
        await enqueue_all(change, day_before(first), day_after(last))


async def put_override(change: Change, override: HoursOverride) -> None:
    """Stores hours for a period (Ramadan) and enqueues all days it affects. Raises InvalidError."""
    if override.last_date < override.first_date:
        raise InvalidError("`last_date` must not be before `first_date`.")
    hours = _checked(override.days)
    query = text("select first_date, last_date from schedule_override where override_id = :id for update")
    before = (await change.session.execute(query, {"id": override.override_id})).first()
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
    await change.session.execute(_PUT_OVERRIDE, values)
    for governed in (before, override):
        if governed is not None:
            await enqueue_all(change, day_before(governed.first_date), day_after(governed.last_date))


async def drop_week(change: Change, schedule_id: UUID) -> None:
    """Deletes a week, also for past dates: its days get the hours of the next level. Raises NotFoundError."""
    row: Any = (await change.session.execute(_DROP_WEEK, {"id": schedule_id})).first()
    if row is None:
        raise NotFoundError("There is no week with this schedule_id. List the schedules.")
    await _mark_governed(change, row)


async def drop_override(change: Change, override_id: UUID) -> None:
    """Deletes an override, also for past dates. Raises NotFoundError."""
    row: Any = (await change.session.execute(_DROP_OVERRIDE, {"id": override_id})).first()
    if row is None:
        raise NotFoundError("There is no override with this override_id. List the overrides.")
    await enqueue_all(change, day_before(row.first_date), day_after(row.last_date))


async def load_default_week(change: Change, words: bytes) -> None:
    """Creates the city's first week if there is no schedule at all."""
    # Locked, because two processes that start at the same time could both find the table empty.
    await change.session.execute(text("lock table week_schedule in share row exclusive mode"))
    if (await change.session.execute(text("select 1 from week_schedule limit 1"))).first() is not None:
        return
    document = read_document(words)
    week = Week(new_id(), document["name"], WeekKind(document["kind"]), document["days"], document["effective_from"])
    await put_week(change, week)


def _checked(days: Mapping[str, Any]) -> WeekHours:
    try:
        return week_hours(days)
    except InvalidHoursError as error:
        raise InvalidError(f"The hours cannot be used: {error}.") from error
