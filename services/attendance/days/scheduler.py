"""The scheduler of days: enqueues every missing date, and open days that no other event will close."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from services.attendance.context import AttendanceContext
from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_new
from services.attendance.days.closable import enqueue_closable
from services.attendance.days.defaults import Defaults
from services.attendance.days.hours import read_rules

__all__ = ["DayScheduler"]

OFFICERS_MAX = 200
"""Officers per transaction: up to a year of days each."""
READY_DAYS_MAX = 20_000
BACKLOG_MAX = 100_000
"""With more queued days than this, the scheduler pauses until the worker catches up."""
_DAY = timedelta(days=1)

# Compares the span of dates that an officer should have with the span already enqueued. A queue entry becomes a day row
# in the transaction that takes it, so enqueued dates need no second check: reads one row per officer, not one per day.
_INCOMPLETE = text(
    """
    select employee_id, queued_from, queued_until, wanted_from, wanted_until
    from (select employee_id, queued_from, queued_until, greatest(active_from, cast(:first as date)) as wanted_from,
                 least(active_to, cast(:today as date)) as wanted_until
          from employee) spans
    where wanted_from <= wanted_until
      and (queued_from is null or queued_from > wanted_from or queued_until < wanted_until)
    order by employee_id limit :most
    """
)
_LOCKED = text(
    "select employee_id from employee where employee_id = any(cast(:employees as uuid[]))"
    " order by employee_id for no key update"
)
_GIVEN = text(
    """
    update employee e set queued_from = t.first, queued_until = t.last
    from unnest(cast(:employees as uuid[]), cast(:firsts as date[]), cast(:lasts as date[])) as t (employee_id, first, last)
    where e.employee_id = t.employee_id
    """
)


class DayScheduler:
    """Runs every 30 seconds and at the start, when it also adds what a stopped service missed."""

    def __init__(self, context: AttendanceContext, defaults: Defaults) -> None:
        self._context = context
        self._defaults = defaults

    async def round(self) -> bool:
        """Processes one bounded batch; returns True when there is more."""
        await self._defaults.round()
        async with self._context.changing() as change:
            waiting = await change.session.execute(
                text("select count(*) from (select from day_queue limit :most) waiting"), {"most": BACKLOG_MAX}
            )
            if waiting.scalar_one() >= BACKLOG_MAX:
                return False
            rules = await read_rules(change.session)
            if not rules:
                return False  # no day can be computed without rules
            first = max(change.first_date, min(each.effective_from for each in rules))
            more = await _fill(change, first)
            silent_days = min(each.silent_outage_days for each in rules)
            await enqueue_closable(change, silent_days, READY_DAYS_MAX)
            return more


async def _fill(change: Change, first: date) -> bool:
    values = {"first": first, "today": change.today, "most": OFFICERS_MAX}
    rows = (await change.session.execute(_INCOMPLETE, values)).all()
    if not rows:
        return False
    employees = [row.employee_id for row in rows]
    await change.session.execute(_LOCKED, {"employees": employees})
    await enqueue_new(change, [span for row in rows for span in _gaps(row)])
    await change.session.execute(
        _GIVEN,
        {
            "employees": employees,
            "firsts": [min(row.wanted_from, row.queued_from or row.wanted_from) for row in rows],
            "lasts": [max(row.wanted_until, row.queued_until or row.wanted_until) for row in rows],
        },
    )
    return len(rows) == OFFICERS_MAX


def _gaps(row: Any) -> list[tuple[Any, date, date]]:
    if row.queued_from is None:
        return [(row.employee_id, row.wanted_from, row.wanted_until)]
    gaps = []
    if row.wanted_from < row.queued_from:
        gaps.append((row.employee_id, row.wanted_from, row.queued_from - _DAY))
    if row.wanted_until > row.queued_until:
        gaps.append((row.employee_id, row.queued_until + _DAY, row.wanted_until))
    return gaps
