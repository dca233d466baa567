"""Recomputes scores from the totals after a new policy or new priors; the totals do not depend on the policy."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from services.scoring.facts.store import save_scores
from services.scoring.policy.policies import PolicyBook
from services.scoring.totals.rules.contribution import TOTALS
from shared.contracts.semester import Semester
from shared.service.context import Context

__all__ = ["finish_rescores", "rescore"]

ROWS_MAX = 1_000
CACHES_END_SECONDS = 30
"""After this time no process computes with the former policy any more: well above CACHE_SECONDS and a batch's duration."""

_ROWS = text(
    f"""
    update semester_total t set changed = true
    from (select employee_id, semester from semester_total
          where semester >= :first and (employee_id, semester) > (:employee, :semester)
          order by employee_id, semester limit {ROWS_MAX} for update) as c
    where t.employee_id = c.employee_id and t.semester = c.semester
    returning t.employee_id, t.semester, {", ".join(f"t.{name}" for name in TOTALS)},
              (select org_unit_id from employee e where e.employee_id = t.employee_id) as org_unit_id
    """
)

_DUE = text(
    "select first_semester, requested_at from rescore_due where requested_at <= :settled order by first_semester"
)
_DONE = text("delete from rescore_due where first_semester = :first_semester and requested_at = :requested_at")


async def rescore(context: Context, policies: PolicyBook, first: Semester) -> int:
    """Recomputes the scores of all semesters from `first` on; returns the number of processed rows."""
    policies.forget()
    count = 0
    after = (UUID(int=0), 0)
    while True:
        async with context.database.transaction() as session:
            values = {"first": first.number, "employee": after[0], "semester": after[1]}
            rows = (await session.execute(_ROWS, values)).all()
            await save_scores(session, rows, policies)
        count += len(rows)
        if len(rows) < ROWS_MAX:
            return count
        after = max((row.employee_id, row.semester) for row in rows)


async def finish_rescores(context: Context, policies: PolicyBook) -> bool:
    """Recomputes what was requested and is perhaps not complete: its process ended, or another one still used the former policy.

    Returns whether there was any. A request stays until this is done CACHES_END_SECONDS after it.
    """
    settled = context.clock.now() - timedelta(seconds=CACHES_END_SECONDS)
    async with context.database.transaction() as session:
        due = (await session.execute(_DUE, {"settled": settled})).all()
    if not due:
        return False
    await rescore(context, policies, Semester.from_number(due[0].first_semester))
    async with context.database.transaction() as session:
        await session.execute(_DONE, [row._asdict() for row in due])
    return True
