"""The scheduler of days: enqueues every missing date, and open days that no other event will close."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.enqueue import enqueue_new
from services.attendance.day_queue.span import evidence_floor, first_computed_date
from services.attendance.days.closable import enqueue_closable
from services.attendance.days.hours import read_rules
from services.attendance.settings import Settings
from shared.service.context import Context

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

    def __init__(self, context: Context, settings: Settings) -> None:
        self._context = context
        self._settings = settings

    async def round(self) -> bool:
        """Processes one bounded batch; returns True when there is more."""
        async with self._context.database.transaction() as session:
            waiting = await session.execute(
                text("select count(*) from (select from day_queue limit :most) waiting"), {"most": BACKLOG_MAX}
            )
            if waiting.scalar_one() >= BACKLOG_MAX:
                return False
            rules = await read_rules(session)
            if not rules:
                return False  # no day can be computed without rules
            now = self._context.clock.now()
            today = now.astimezone(self._context.zone).date()
            first = max(
                first_computed_date(today, self._settings.first_work_date), min(each.effective_from for each in rules)
            )
            more = await _fill(session, first, today)
            silent_days = min(each.silent_outage_days for each in rules)
            await enqueue_closable(session, evidence_floor(now, self._context.zone), now, silent_days, READY_DAYS_MAX)
            return more


async def _fill(session: AsyncSession, first: date, today: date) -> bool:
    values = {"first": first, "today": today, "most": OFFICERS_MAX}
    rows = (await session.execute(_INCOMPLETE, values)).all()
    if not rows:
        return False
    employees = [row.employee_id for row in rows]
    await session.execute(_LOCKED, {"employees": employees})
    await enqueue_new(session, [span for row in rows for span in _gaps(row)])
    await session.execute(
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
