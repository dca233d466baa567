"""Working hours: week schedules of the city, a unit or an officer, and overrides for a period."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_all
from services.attendance.hours.affected_days import enqueue_affected
from services.attendance.hours.rules.schedule import WeekKind
from services.attendance.hours.rules.week_hours import WeekHours, week_file, week_hours
from services.attendance.hours.tables import ScheduleOverride, WeekSchedule
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

PUT_WEEK = text(
    """
    insert into week_schedule (schedule_id, name, employee_id, org_unit_id, effective_from, effective_to, kind, days,
                               first_minute, last_minute)
    values (:schedule_id, :name, :employee_id, :org_unit_id, :effective_from, :effective_to, :kind, :days, :first_minute,
            :last_minute)
    on conflict (schedule_id) do update set name = excluded.name, employee_id = excluded.employee_id,
        org_unit_id = excluded.org_unit_id, effective_from = excluded.effective_from,
        effective_to = excluded.effective_to, kind = excluded.kind, days = excluded.days,
        first_minute = excluded.first_minute, last_minute = excluded.last_minute
    """
)
PUT_OVERRIDE = text(
    """
    insert into schedule_override (override_id, name, code, kind, decree, first_date, last_date, days, first_minute,
                                   last_minute)
    values (:override_id, :name, :code, :kind, :decree, :first_date, :last_date, :days, :first_minute, :last_minute)
    on conflict (override_id) do update set name = excluded.name, code = excluded.code, kind = excluded.kind,
        decree = excluded.decree, first_date = excluded.first_date, last_date = excluded.last_date,
        days = excluded.days, first_minute = excluded.first_minute, last_minute = excluded.last_minute
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
    hours = week_hours(week.days)
    stored = await change.session.get(WeekSchedule, week.schedule_id, with_for_update=True)
    row = WeekSchedule(**asdict(week) | _stored_hours(week.kind, week.days, hours))
    await change.session.execute(PUT_WEEK, row.model_dump())
    for affected in (stored, row):
        if affected is not None:
            await enqueue_affected(change, affected)


async def put_override(change: Change, override: HoursOverride) -> None:
    """Stores hours for a period (Ramadan) and enqueues all days it affects. Raises InvalidError."""
    if override.last_date < override.first_date:
        raise InvalidError("`last_date` must not be before `first_date`.")
    hours = week_hours(override.days)
    stored = await change.session.get(ScheduleOverride, override.override_id, with_for_update=True)
    row = ScheduleOverride(**asdict(override) | _stored_hours(override.kind, override.days, hours))
    await change.session.execute(PUT_OVERRIDE, row.model_dump())
    for affected in (stored, row):
        if affected is not None:
            await _enqueue_period(change, affected)


async def drop_week(change: Change, schedule_id: UUID) -> None:
    """Deletes a week, also for past dates: its days get the hours of the next level. Raises NotFoundError."""
    stored = await change.session.get(WeekSchedule, schedule_id, with_for_update=True)
    if stored is None:
        raise NotFoundError("There is no week with this schedule_id. List the schedules.")
    await change.session.delete(stored)
    await enqueue_affected(change, stored)


async def drop_override(change: Change, override_id: UUID) -> None:
    """Deletes an override, also for past dates. Raises NotFoundError."""
    stored = await change.session.get(ScheduleOverride, override_id, with_for_update=True)
    if stored is None:
        raise NotFoundError("There is no override with this override_id. List the overrides.")
    await change.session.delete(stored)
    await _enqueue_period(change, stored)


async def load_default_week(change: Change, content: bytes) -> None:
    """Creates the city's first week if there is no schedule at all."""
    # Locked, because two processes that start at the same time could both find the table empty.
    await change.session.execute(text("lock table week_schedule in share row exclusive mode"))
    if (await change.session.scalars(select(WeekSchedule.schedule_id).limit(1))).first() is not None:
        return
    document = read_document(content)
    file = week_file(document)
    await put_week(change, Week(new_id(), file.name, file.kind, document["days"], file.effective_from))


async def _enqueue_period(change: Change, override: ScheduleOverride) -> None:
    await enqueue_all(change, override.first_date, override.last_date)


def _stored_hours(kind: WeekKind, days: Mapping[str, Any], hours: WeekHours) -> dict[str, str | int]:
    """The columns of a week and an override that have another form than the request."""
    return {
        "kind": kind.value,
        "days": json.dumps(days),
        "first_minute": hours.first_minute,
        "last_minute": hours.last_minute,
    }
