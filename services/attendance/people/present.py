"""Stores the present unit and type in the officer's row, for events and lists; a future step becomes due on its date."""

from __future__ import annotations

from sqlalchemy import text

from services.attendance.context import AttendanceContext
from services.attendance.day_queue.change import Change
from services.attendance.people.records import publish_employees
from shared.service.context import Context

__all__ = ["LOCK_OFFICERS", "Transfers", "update_present"]

LOCK_OFFICERS = text(
    "select employee_id from employee where employee_id = any(cast(:employees as uuid[]))"
    " order by employee_id for no key update"
)
_DUE = """
    employee e
    join unit_time_v1 u on u.employee_id = e.employee_id and cast(:today as date) between u.first_date and u.last_date
    join type_time_v1 t on t.employee_id = e.employee_id and cast(:today as date) between t.first_date and t.last_date
    where (e.org_unit_id, e.employment_type) is distinct from (u.org_unit_id, t.employment_type)
"""
DUE_OFFICERS = text(f"select e.employee_id from {_DUE}")
UPDATE_DUE_OFFICERS = text(
    f"""
    with due as (
        select e.employee_id, u.org_unit_id, t.employment_type from {_DUE}
        and e.employee_id = any(cast(:employees as uuid[]))
    )
    update employee e set org_unit_id = due.org_unit_id, employment_type = due.employment_type,
        revision = e.revision + 1, recorded_at = :now
    from due where e.employee_id = due.employee_id
    returning e.employee_id
    """
)


class Transfers:
    """Runs every minute: updates officers whose transfer or new contract became due today."""

    def __init__(self, context: AttendanceContext) -> None:
        self._context = context

    async def round(self) -> bool:
        """Updates and publishes all officers that are due."""
        async with self._context.changing() as change:
            await update_present(self._context, change)
        return False


async def update_present(context: Context, change: Change) -> None:
    """Updates officers' present unit and type to today's and publishes the changed officers."""
    due = list((await change.session.scalars(DUE_OFFICERS, {"today": change.today})).all())
    if not due:
        return
    # Read again under the lock, so that a concurrent change is not undone.
    await change.session.execute(LOCK_OFFICERS, {"employees": due})
    changed = await change.session.scalars(
        UPDATE_DUE_OFFICERS, {"today": change.today, "now": change.now, "employees": due}
    )
    await publish_employees(context, change.session, list(changed))
