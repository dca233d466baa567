"""The queue of days to compute again. A transaction that changes a fact also enqueues ("marks") the days it affects.

Queue rows are only inserted and deleted, so enqueueing never waits for the worker. Duplicates are allowed; each costs the
worker one check. Dates before an officer's first day or after today are enqueued only if they were published before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, event, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Database

__all__ = [
    "day_after",
    "day_before",
    "mark_advanced",
    "mark_all",
    "mark_employees",
    "mark_moments",
    "mark_new",
    "mark_punches",
    "mark_ready",
    "mark_spans",
    "mark_unit",
    "serve_marks",
]

_DAY = timedelta(days=1)
_OPEN = """
    work_date <= cast(:today as date)
    and (work_date >= greatest(e.active_from, cast(:floor as date))
         or exists (select from attendance_day d where d.employee_id = e.employee_id and d.work_date = marked.work_date))
"""

# A punch can belong to a shift of its own date, of one of the two dates before (24 hours plus the window after the shift),
# or of the next date if its window opens before midnight. Roster entries are looked up; for week schedules the widest
# hours apply.
_PUNCHES = text(
    f"""
    with windows as (
        select coalesce(max(window_before_minutes), 0) as before, coalesce(max(window_after_minutes), 0) as after
        from rule_set
    ), week as (
        select min(first_minute) as first_minute, max(last_minute) as last_minute
        from (select first_minute, last_minute from week_schedule
              union all select first_minute, last_minute from schedule_override) hours
    ), touched as (
        select employee_id, local_time, local_time::date as day,
               extract(epoch from local_time - local_time::date)::int / 60 as minute
        from unnest(cast(:employees as uuid[]), cast(:times as timestamp[])) as t (employee_id, local_time)
    ), marked as (
        select employee_id, day + n as work_date
        from touched, week, windows, generate_series(-2, 1) as n
        where n = 0 or minute - 1440 * n between first_minute - before and last_minute + after
        union
        select employee_id, work_date
        from touched join roster_shift r using (employee_id), windows
        where r.work_date between day - 2 and day + 1
          and local_time between r.starts_at - make_interval(mins => before) and r.ends_at + make_interval(mins => after)
    )
    insert into day_queue (bulk, employee_id, work_date)
    select :bulk, employee_id, work_date from marked join employee e using (employee_id) where {_OPEN}
    """
)

_SPANS = text(
    f"""
    with marked as (
        select employee_id, day::date as work_date
        from unnest(cast(:employees as uuid[]), cast(:firsts as date[]), cast(:lasts as date[])) as t (employee_id, f, l),
             generate_series(f, least(l, cast(:today as date)), interval '1 day') as day
    )
    insert into day_queue (bulk, employee_id, work_date)
    select true, employee_id, work_date from marked join employee e using (employee_id) where {_OPEN}
    """
)

# Every date that was enqueued before; the day scheduler (close.py) enqueues the others in time. `spans` is a table of
# employee_id, first_date and last_date, which may be infinite.
_KNOWN = """
    with spans as ({spans})
    insert into day_queue (bulk, employee_id, work_date)
    select {bulk}, employee_id, work_date from (
        select d.employee_id, d.work_date
        from spans s join attendance_day d on d.employee_id = s.employee_id
            and d.work_date between s.first_date and least(s.last_date, cast(:today as date))
        union
        select e.employee_id, day::date
        from spans s join employee e using (employee_id),
             generate_series(greatest(s.first_date, e.queued_from),
                             least(s.last_date, cast(:today as date), e.queued_until), interval '1 day') as day
        where e.queued_from is not null
    ) known
    order by employee_id, work_date
"""
_EMPLOYEES_SPANS = """
    select * from unnest(cast(:employees as uuid[]), cast(:firsts as date[]), cast(:lasts as date[]))
        as given (employee_id, first_date, last_date)
"""
# An officer's dates in the unit, plus one date at each end: the shifts of the neighbour dates compete for punches.
_UNIT_SPANS = """
    select employee_id, greatest(first_date - 1, cast(:first as date)) as first_date,
           least(last_date + 1, cast(:last as date)) as last_date
    from unit_time_v1 where org_unit_id = :org_unit_id
"""
_ALL_SPANS = "select employee_id, cast(:first as date) as first_date, cast(:last as date) as last_date from employee"
_EMPLOYEES = text(_KNOWN.format(bulk="cast(:bulk as boolean)", spans=_EMPLOYEES_SPANS))
_UNIT = text(_KNOWN.format(bulk="true", spans=_UNIT_SPANS))
_ALL = text(_KNOWN.format(bulk="true", spans=_ALL_SPANS))

# The start of the day's window; for old rows without `opens_at`, an estimate that is early enough.
_OPENS = "coalesce(d.opens_at, d.closes_at - interval '36 hours')"

_ADVANCED = text(
    f"""
    insert into day_queue (bulk, employee_id, work_date)
    select true, employee_id, work_date from attendance_day d
    where (state = 'provisional' or lacked_machine) and org_unit_id = :org_unit_id
      and work_date >= coalesce(cast(:before as timestamptz)::date - 3, date '-infinity')
      and work_date <= cast(:after as timestamptz)::date + 1
      and (cast(:before as timestamptz) is null or closes_at > :before)
      and (closes_at <= :after
           or {_OPENS} <= cast(:ends as timestamptz)
              and cast(:ends as timestamptz) between coalesce(cast(:before as timestamptz), '-infinity') and :after)
    """
)

# Days that no other event enqueues: at the end of the day, when a machine goes silent, when a clock is correct again.
# The conditions match those of the rules, so that a day that must stay open is not enqueued again and again.
_READY = text(
    f"""
    with serving as (
        select org_unit_id, complete_until, clock_wrong_since, in_unit_to,
               awaited_since < cast(:now as timestamptz) - make_interval(days => :silent_days)
                   and (in_unit_to is null or complete_until is null or complete_until < in_unit_to) as silent,
               in_service_from
        from machine_service_v1(:since) where org_unit_id is not null
    )
    insert into day_queue (bulk, employee_id, work_date)
    select true, employee_id, work_date from attendance_day d
    where state = 'provisional' and closes_at between :since and :now
      and (status in ('excused', 'official_duty')
           or exists (select from serving s where s.org_unit_id = d.org_unit_id and s.in_service_from <= d.closes_at
                      and (s.in_unit_to is null or s.in_unit_to >= {_OPENS}))
              and not exists (
                  select from serving s where s.org_unit_id = d.org_unit_id and s.in_service_from <= d.closes_at and not s.silent
                  and (s.in_unit_to is null or s.in_unit_to >= {_OPENS})
                  and (s.complete_until is null or s.complete_until < least(d.closes_at, s.in_unit_to)
                       or s.clock_wrong_since is not null)))
      and (employee_id, work_date) not in (select employee_id, work_date from day_queue)
    order by work_date, employee_id
    limit :most
    """
)


class _Service:
    """How queue entries of one service find its worker and its dates."""

    def __init__(self, wake: asyncio.Event, dates: Callable[[], tuple[date, date]]) -> None:
        self.wake = wake
        self.dates = dates


# By engine: one process can contain several services and tests, and an enqueueing function has only its session.
_services: WeakKeyDictionary[Any, _Service] = WeakKeyDictionary()


def serve_marks(database: Database, wake: asyncio.Event, dates: Callable[[], tuple[date, date]]) -> None:
    """Makes every enqueue on this database wake this worker after the commit.

    `dates` returns the first date that is computed, and today.
    """
    _services[database.engine.sync_engine] = _Service(wake, dates)


async def mark_moments(
    session: AsyncSession,
    moments: Iterable[tuple[UUID | None, datetime]],
    unit_zone: ZoneInfo,
    *,
    bulk: bool = False,
) -> None:
    """Enqueues every date to which punches of these officers (None: no officer) at these aware moments may belong."""
    touched = {(who, at.astimezone(unit_zone).replace(tzinfo=None)) for who, at in moments if who is not None}
    await mark_punches(session, list(touched), bulk=bulk)


async def mark_punches(session: AsyncSession, touched: Sequence[tuple[UUID, datetime]], *, bulk: bool = False) -> None:
    """Enqueues every date to which punches of these officers at these local times (no zone, unit's time) may belong.

    `bulk`: low priority, processed after live punches.
    """
    if not touched:
        return
    employees, times = [employee_id for employee_id, _ in touched], [moment for _, moment in touched]
    await _mark(session, _PUNCHES, {"employees": employees, "times": times, "bulk": bulk})


async def mark_advanced(
    session: AsyncSession, org_unit_id: str, before: datetime | None, after: datetime, ends: datetime | None
) -> None:
    """Enqueues the unit's days whose end the machine's watermark has just passed (`before` None: any day up to `after`).

    Provisional days may become final. Days that lacked a working machine are computed again, because the machine is back or
    was there all the time.
    `ends`: the end of the machine's service; it uploads nothing for later times.
    """
    values = {"org_unit_id": org_unit_id, "before": before, "after": after, "ends": ends}
    await _mark(session, _ADVANCED, values)


async def mark_employees(session: AsyncSession, employees: Sequence[UUID], first: date, last: date) -> None:
    """Enqueues dates of several officers, both ends included."""
    await _mark_known(session, [(employee_id, first, last) for employee_id in employees], bulk=False)


async def mark_spans(session: AsyncSession, spans: Sequence[tuple[UUID, date, date]], *, bulk: bool = False) -> None:
    """Enqueues dates of officers whose hours changed, both ends included, and the neighbour dates.

    `bulk`: low priority, processed after live punches.
    """
    beside = [(employee_id, day_before(first), day_after(last)) for employee_id, first, last in spans]
    await _mark_known(session, beside, bulk=bulk)


async def _mark_known(session: AsyncSession, spans: Sequence[tuple[UUID, date, date]], *, bulk: bool) -> None:
    if spans:
        employees, firsts, lasts = (list(column) for column in zip(*spans, strict=True))
        values = {"employees": employees, "firsts": firsts, "lasts": lasts, "bulk": bulk}
        await _mark(session, _EMPLOYEES, values)


async def mark_new(session: AsyncSession, spans: Sequence[tuple[UUID, date, date]]) -> None:
    """Enqueues dates that were never enqueued before."""
    if not spans:
        return
    employees, firsts, lasts = zip(*spans, strict=True)
    await _mark(session, _SPANS, {"employees": list(employees), "firsts": list(firsts), "lasts": list(lasts)})


async def mark_unit(session: AsyncSession, org_unit_id: str, first: date, last: date) -> None:
    """Enqueues the computed days between two dates, both included, of officers who were in the unit on those dates."""
    await _mark(session, _UNIT, {"org_unit_id": org_unit_id, "first": first, "last": last})


async def mark_all(session: AsyncSession, first: date, last: date) -> None:
    """Enqueues every computed day between two dates, both included."""
    await _mark(session, _ALL, {"first": first, "last": last})


async def mark_ready(session: AsyncSession, since: datetime, now: datetime, silent_days: int, most: int) -> None:
    """Enqueues provisional days that can be final although no watermark has moved."""
    await _mark(session, _READY, {"since": since, "now": now, "silent_days": silent_days, "most": most})


def day_before(day: date) -> date:
    """The date before; `date.min` is an open end."""
    return day if day == date.min else day - _DAY


def day_after(day: date) -> date:
    """The date after; `date.max` is an open end."""
    return day if day == date.max else day + _DAY


async def _mark(session: AsyncSession, statement: TextClause, values: dict[str, Any]) -> None:
    service = _services[session.sync_session.get_bind()]
    floor, today = service.dates()
    known = {"floor": floor, "today": today} | values
    await session.execute(statement, {name: known[name] for name in statement.compile().params})
    event.listen(session.sync_session, "after_commit", lambda _: service.wake.set(), once=True)
