"""The scheduler of days: enqueues every missing date, and open days that no other event will close."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from services.attendance.context import AttendanceContext
from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_new
from services.attendance.days.closable import enqueue_closable
from services.attendance.days.hours import read_rules
from services.attendance.hours.defaults import Defaults
from services.attendance.people.present import LOCK_OFFICERS
from shared.db.queries import query

__all__ = ["DayScheduler"]

OFFICERS_MAX = 200
"""Officers per transaction: up to a year of days each."""
CLOSABLE_DAYS_MAX = 20_000
BACKLOG_MAX = 100_000
"""With more queued days than this, the scheduler pauses until the worker catches up."""
_DAY = timedelta(days=1)


class _IncompleteOfficer(NamedTuple):
    employee_id: UUID
    queued_from: date | None
    queued_until: date | None
    wanted_from: date
    wanted_until: date


# Compares the span of dates that an officer should have with the span already enqueued. A queue entry becomes a day row
# in the transaction that takes it, so enqueued dates need no second check: reads one row per officer, not one per day.
_INCOMPLETE_OFFICERS = query(
    """
    select employee_id, queued_from, queued_until, wanted_from, wanted_until
    from (select employee_id, queued_from, queued_until, greatest(active_from, cast(:first as date)) as wanted_from,
                 least(active_to, cast(:today as date)) as wanted_until
          from employee) spans
    where wanted_from <= wanted_until
      and (queued_from is null or queued_from > wanted_from or queued_until < wanted_until)
    order by employee_id limit :most
    """,
    _IncompleteOfficer,
)
_SET_QUEUED_SPANS = text(
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
        await self._defaults.ensure()
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
            await enqueue_closable(change, silent_days, CLOSABLE_DAYS_MAX)
            return more


async def _fill(change: Change, first: date) -> bool:
    values = {"first": first, "today": change.today, "most": OFFICERS_MAX}
    officers = await _INCOMPLETE_OFFICERS.all(change.session, values)
    if not officers:
        return False
    employees = [officer.employee_id for officer in officers]
    await change.session.execute(LOCK_OFFICERS, {"employees": employees})
    await enqueue_new(change, [span for officer in officers for span in _gaps(officer)])
    await change.session.execute(
        _SET_QUEUED_SPANS,
        {
            "employees": employees,
            "firsts": [min(officer.wanted_from, officer.queued_from or officer.wanted_from) for officer in officers],
            "lasts": [max(officer.wanted_until, officer.queued_until or officer.wanted_until) for officer in officers],
        },
    )
    return len(officers) == OFFICERS_MAX


def _gaps(officer: _IncompleteOfficer) -> list[tuple[UUID, date, date]]:
    if officer.queued_from is None or officer.queued_until is None:
        return [(officer.employee_id, officer.wanted_from, officer.wanted_until)]
    gaps = []
    if officer.wanted_from < officer.queued_from:
        gaps.append((officer.employee_id, officer.wanted_from, officer.queued_from - _DAY))
    if officer.wanted_until > officer.queued_until:
        gaps.append((officer.employee_id, officer.queued_until + _DAY, officer.wanted_until))
    return gaps
