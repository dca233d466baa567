"""Recomputes scores from the totals after a new policy or new priors; the totals do not depend on the policy."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select

from services.scoring.facts.store import save_scores
from services.scoring.policy.policies import PolicyBook
from services.scoring.scores.tables import RescoreDue
from services.scoring.totals.queries import TOTALS_ARRAY, OfficerTotals
from shared.contracts.semester import Semester
from shared.db.queries import query
from shared.service.context import Context

__all__ = ["complete_requested_rescores", "rescore"]

ROWS_MAX = 1_000
CACHES_END_SECONDS = 30
"""After this time no process computes with the former policy any more: well above CACHE_SECONDS and a batch's duration."""

NEXT_TOTALS = query(
    f"""
    update semester_total t set changed = true
    from (select employee_id, semester from semester_total
          where semester >= :first and (employee_id, semester) > (:employee, :semester)
          order by employee_id, semester limit {ROWS_MAX} for update) as c
    where t.employee_id = c.employee_id and t.semester = c.semester
    returning t.employee_id, t.semester, {TOTALS_ARRAY} as totals,
              (select org_unit_id from employee e where e.employee_id = t.employee_id) as org_unit_id
    """,
    OfficerTotals,
)


async def rescore(context: Context, policies: PolicyBook, first: Semester) -> int:
    """Recomputes the scores of all semesters from `first` on; returns the number of processed rows."""
    policies.invalidate()
    count = 0
    after = (UUID(int=0), 0)
    while True:
        async with context.database.transaction() as session:
            values = {"first": first.number, "employee": after[0], "semester": after[1]}
            rows = await NEXT_TOTALS.all(session, values)
            await save_scores(session, rows, policies)
        count += len(rows)
        if len(rows) < ROWS_MAX:
            return count
        after = max((row.employee_id, row.semester) for row in rows)


async def complete_requested_rescores(context: Context, policies: PolicyBook) -> bool:
    """Recomputes the scores that were requested CACHES_END_SECONDS ago; returns whether there was such a request.

    Whoever requests them recomputes at once. That process may have ended before it was done, or another one still used the
    former policy: neither can happen after this time.
    """
    settled = context.clock.now() - timedelta(seconds=CACHES_END_SECONDS)
    due = select(RescoreDue).where(col(RescoreDue.requested_at) <= settled).order_by(col(RescoreDue.first_semester))
    async with context.database.transaction() as session:
        requests = (await session.execute(due)).scalars().all()
    if not requests:
        return False
    await rescore(context, policies, Semester.from_number(requests[0].first_semester))
    async with context.database.transaction() as session:
        for done in requests:
            await session.execute(
                delete(RescoreDue).where(
                    col(RescoreDue.first_semester) == done.first_semester,
                    col(RescoreDue.requested_at) == done.requested_at,
                )
            )
    return True
