"""Enqueues days that no other event will close."""

from __future__ import annotations

from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue
from services.attendance.day_queue.span import evidence_floor

__all__ = ["enqueue_closable"]

# Days that no other event enqueues: at the end of the day, when a machine goes silent, when a clock is correct again.
# The conditions match `open_reasons`, so that a day that must stay open is not enqueued again and again; a property test
# over random cities (test_queue_agrees_with_rules.py) compares them.
_ENQUEUE_CLOSABLE_DAYS = text(
    """
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
                      and (s.in_unit_to is null or s.in_unit_to >= d.opens_at))
              and not exists (
                  select from serving s where s.org_unit_id = d.org_unit_id and s.in_service_from <= d.closes_at and not s.silent
                  and (s.in_unit_to is null or s.in_unit_to >= d.opens_at)
                  and (s.complete_until is null or s.complete_until < least(d.closes_at, s.in_unit_to)
                       or s.clock_wrong_since is not null)))
      and (employee_id, work_date) not in (select employee_id, work_date from day_queue)
    order by work_date, employee_id
    limit :most
    """
)


async def enqueue_closable(change: Change, silent_days: int, most: int) -> None:
    """Enqueues provisional days that can be final although no watermark has moved."""
    since = evidence_floor(change.now, change.zone)
    await enqueue(
        change, _ENQUEUE_CLOSABLE_DAYS, {"since": since, "now": change.now, "silent_days": silent_days, "most": most}
    )
