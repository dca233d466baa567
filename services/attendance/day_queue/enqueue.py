"""The queue of days to compute again. A transaction that changes a fact also enqueues the days it affects.

Queue rows are only inserted and deleted, so enqueueing never waits for the worker. Duplicates are allowed; each costs the
worker one check. Dates before an officer's first day or after today are enqueued only if they were published before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import TextClause, event, text

from services.attendance.day_queue.change import Change

__all__ = [
    "enqueue",
    "enqueue_all",
    "enqueue_for_moments",
    "enqueue_for_punches",
    "enqueue_new",
    "enqueue_spans",
    "enqueue_unit",
]

_DAY = timedelta(days=1)
_MAY_BE_COMPUTED = """
    work_date <= cast(:today as date)
    and (work_date >= greatest(e.active_from, cast(:floor as date))
         or exists (select from attendance_day d where d.employee_id = e.employee_id and d.work_date = affected.work_date))
"""

# A punch can belong to a shift of its own date, of one of the two dates before (24 hours plus the window after the shift),
# or of the next date if its window opens before midnight. Roster entries are looked up; for week schedules the widest
# hours apply. A property test over random cities (test_queue_agrees_with_rules.py) compares this with the rules' windows.
_ENQUEUE_DATES_OF_PUNCHES = text(
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
    ), affected as (
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
    select :bulk, employee_id, work_date from affected join employee e using (employee_id) where {_MAY_BE_COMPUTED}
    """
)

_ENQUEUE_NEW_DATES = text(
    f"""
    with affected as (
        select employee_id, day::date as work_date
        from unnest(cast(:employees as uuid[]), cast(:firsts as date[]), cast(:lasts as date[])) as t (employee_id, f, l),
             generate_series(f, least(l, cast(:today as date)), interval '1 day') as day
    )
    insert into day_queue (bulk, employee_id, work_date)
    select :bulk, employee_id, work_date from affected join employee e using (employee_id) where {_MAY_BE_COMPUTED}
    """
)

# Every date that was enqueued before; the day scheduler enqueues the others in time. `spans` is a table of
# employee_id, first_date and last_date, which may be infinite.
_ENQUEUE_DATES_IN_SPANS = """
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
    ) enqueued_before
    order by employee_id, work_date
"""
_EMPLOYEES_SPANS = """
    select * from unnest(cast(:employees as uuid[]), cast(:firsts as date[]), cast(:lasts as date[]))
        as t (employee_id, first_date, last_date)
"""
# An officer's dates in the unit, plus one date at each end: the shifts of the neighbour dates compete for punches.
_UNIT_SPANS = """
    select employee_id, greatest(first_date - 1, cast(:first as date)) as first_date,
           least(last_date + 1, cast(:last as date)) as last_date
    from unit_time_v1 where org_unit_id = :org_unit_id
"""
_ALL_SPANS = "select employee_id, cast(:first as date) as first_date, cast(:last as date) as last_date from employee"
_ENQUEUE_DATES_OF_OFFICERS = text(_ENQUEUE_DATES_IN_SPANS.format(bulk="cast(:bulk as boolean)", spans=_EMPLOYEES_SPANS))
_ENQUEUE_DATES_OF_UNIT = text(_ENQUEUE_DATES_IN_SPANS.format(bulk="true", spans=_UNIT_SPANS))
_ENQUEUE_ALL_DATES = text(_ENQUEUE_DATES_IN_SPANS.format(bulk="true", spans=_ALL_SPANS))


async def enqueue_for_moments(
    change: Change, moments: Iterable[tuple[UUID | None, datetime]], *, bulk: bool = False
) -> None:
    """Enqueues every date to which punches of these officers (None: no officer) at these aware moments may belong."""
    touched = {(who, at.astimezone(change.zone).replace(tzinfo=None)) for who, at in moments if who is not None}
    await enqueue_for_punches(change, list(touched), bulk=bulk)


async def enqueue_for_punches(change: Change, touched: Sequence[tuple[UUID, datetime]], *, bulk: bool = False) -> None:
    """Enqueues every date to which punches of these officers at these local times (no zone, unit's time) may belong.

    `bulk`: low priority, processed after live punches.
    """
    if not touched:
        return
    employees, times = [employee_id for employee_id, _ in touched], [moment for _, moment in touched]
    await enqueue(change, _ENQUEUE_DATES_OF_PUNCHES, {"employees": employees, "times": times, "bulk": bulk})


async def enqueue_spans(change: Change, spans: Sequence[tuple[UUID, date, date]], *, bulk: bool = False) -> None:
    """Enqueues the computed days of officers between two dates, both included, and the neighbour dates, whose shifts compete
    for punches.

    `bulk`: low priority, processed after live punches.
    """
    beside = [(employee_id, _day_before(first), _day_after(last)) for employee_id, first, last in spans]
    await _enqueue_in_spans(change, _ENQUEUE_DATES_OF_OFFICERS, beside, bulk=bulk)


async def _enqueue_in_spans(
    change: Change, statement: TextClause, spans: Sequence[tuple[UUID, date, date]], *, bulk: bool
) -> None:
    if spans:
        employees, firsts, lasts = (list(column) for column in zip(*spans, strict=True))
        values = {"employees": employees, "firsts": firsts, "lasts": lasts, "bulk": bulk}
        await enqueue(change, statement, values)


async def enqueue_new(change: Change, spans: Sequence[tuple[UUID, date, date]]) -> None:
    """Enqueues dates that were never enqueued before."""
    await _enqueue_in_spans(change, _ENQUEUE_NEW_DATES, spans, bulk=True)


async def enqueue_unit(change: Change, org_unit_id: str, first: date, last: date) -> None:
    """Enqueues the computed days between two dates, both included, of officers who were in the unit on those dates, and the
    neighbour dates: a night shift of the date before may reach into the first."""
    values = {"org_unit_id": org_unit_id, "first": _day_before(first), "last": _day_after(last)}
    await enqueue(change, _ENQUEUE_DATES_OF_UNIT, values)


async def enqueue_all(change: Change, first: date, last: date) -> None:
    """Enqueues every computed day between two dates, both included, and the neighbour dates."""
    await enqueue(change, _ENQUEUE_ALL_DATES, {"first": _day_before(first), "last": _day_after(last)})


def _day_before(day: date) -> date:
    """The date before; `date.min` is an open end."""
    return day if day == date.min else day - _DAY


def _day_after(day: date) -> date:
    """The date after; `date.max` is an open end."""
    return day if day == date.max else day + _DAY


async def enqueue(change: Change, statement: TextClause, values: Mapping[str, object]) -> None:
    """Runs a statement that enqueues days; it may use `:floor` and `:today`, the first and last date to enqueue."""
    dates = {"floor": change.first_date, "today": change.last_date}
    await change.session.execute(statement, dates | dict(values))
    event.listen(change.session.sync_session, "after_commit", lambda _: change.wake.set(), once=True)
