"""Enqueues the days whose end a machine's watermark has passed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import OPENS_AT, enqueue

__all__ = ["enqueue_advanced"]

_ADVANCED = text(
    f"""
    insert into day_queue (bulk, employee_id, work_date)
    select true, employee_id, work_date from attendance_day d
    where (state = 'provisional' or record ~ '"(OUTAGE|NO_MACHINE)"') and org_unit_id = :org_unit_id
      and work_date >= coalesce(cast(:before as timestamptz)::date - 3, date '-infinity')
      and work_date <= cast(:after as timestamptz)::date + 1
      and (cast(:before as timestamptz) is null or closes_at > :before)
      and (closes_at <= :after
           or {OPENS_AT} <= cast(:ends as timestamptz)
              and cast(:ends as timestamptz) between coalesce(cast(:before as timestamptz), '-infinity') and :after)
    """
)


async def enqueue_advanced(
    change: Change, org_unit_id: str, before: datetime | None, after: datetime, ends: datetime | None
) -> None:
    """Enqueues the unit's days whose end the machine's watermark has just passed (`before` None: any day up to `after`).

    Provisional days may become final. Days that lacked a working machine are computed again, because the machine is back or
    was there all the time.
    `ends`: the end of the machine's service; it uploads nothing for later times.
    """
    values = {"org_unit_id": org_unit_id, "before": before, "after": after, "ends": ends}
    await enqueue(change, _ADVANCED, values)
