"""Recomputes scores from the totals after a new policy or new priors; the totals do not depend on the policy."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from services.scoring.domain.contribution import TOTALS
from services.scoring.facts import save_scores
from services.scoring.policies import PolicyBook
from shared.context import Context
from shared.contracts.semester import Semester

__all__ = ["rescore"]

ROWS_MAX = 1_000

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
