"""Officers' units and employment types by date. A change may start in the past; the affected days are computed again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_spans
from services.attendance.people.records import publish_employees
from services.attendance.people.rules.history import Span, Step, changed_span, with_step, without_step
from shared.errors.errors import ConflictError, NotFoundError
from shared.service.context import Context

__all__ = [
    "EMPLOYMENT_TYPE",
    "UNIT",
    "Attribute",
    "drop_step",
    "put_step",
    "read_steps",
    "settle_present",
    "write_steps",
]


@dataclass(frozen=True, slots=True)
class Attribute:
    """The table and the column of a dated value."""

    table: str
    column: str


UNIT = Attribute("employee_unit", "org_unit_id")
EMPLOYMENT_TYPE = Attribute("employee_type", "employment_type")

_LOCK = text(
    "select employee_id from employee where employee_id = any(cast(:employees as uuid[]))"
    " order by employee_id for no key update"
)
# The officer's row stores the present unit and type for events and lists. A future step becomes due on its date.
_PRESENT = """
    employee e
    join unit_time_v1 u on u.employee_id = e.employee_id and cast(:today as date) between u.first_date and u.last_date
    join type_time_v1 t on t.employee_id = e.employee_id and cast(:today as date) between t.first_date and t.last_date
    where (e.org_unit_id, e.employment_type) is distinct from (u.org_unit_id, t.employment_type)
"""
_DUE = text(f"select e.employee_id from {_PRESENT}")
_SETTLE = text(
    f"""
    with due as (
        select e.employee_id, u.org_unit_id, t.employment_type from {_PRESENT}
        and e.employee_id = any(cast(:employees as uuid[]))
    )
    update employee e set org_unit_id = due.org_unit_id, employment_type = due.employment_type,
        revision = e.revision + 1, recorded_at = :now
    from due where e.employee_id = due.employee_id
    returning e.employee_id
    """
)


async def read_steps(
    session: AsyncSession, attribute: Attribute, employees: Sequence[UUID]
) -> dict[UUID, list[Step[str]]]:
    """The steps of these officers, oldest first."""
    query = text(
        f"select employee_id, effective_from, {attribute.column} from {attribute.table}"
        " where employee_id = any(cast(:employees as uuid[])) order by employee_id, effective_from"
    )
    found: dict[UUID, list[Step[str]]] = defaultdict(list)
    for employee_id, since, value in await session.execute(query, {"employees": list(employees)}):
        found[employee_id].append((since, value))
    return found


async def write_steps(session: AsyncSession, attribute: Attribute, steps: Mapping[UUID, Sequence[Step[str]]]) -> None:
    """Replaces all steps of these officers."""
    rows = [(employee_id, since, value) for employee_id, each in steps.items() for since, value in each]
    if not rows:
        return
    employees, dates, values = zip(*rows, strict=True)
    await session.execute(
        text(f"delete from {attribute.table} where employee_id = any(cast(:employees as uuid[]))"),
        {"employees": list(steps)},
    )
    await session.execute(
        text(
            f"insert into {attribute.table} (employee_id, effective_from, {attribute.column}) select * from"
            " unnest(cast(:employees as uuid[]), cast(:dates as date[]), cast(:values as varchar[]))"
        ),
        {"employees": list(employees), "dates": list(dates), "values": list(values)},
    )


async def put_step(context: Context, change: Change, attribute: Attribute, employee_id: UUID, step: Step[str]) -> None:
    """Sets a value from a date on, until the next step. Raises NotFoundError for an unknown officer."""
    before = await _hold(change.session, attribute, employee_id)
    await _change(context, change, attribute, employee_id, before, with_step(before, *step))


async def drop_step(context: Context, change: Change, attribute: Attribute, employee_id: UUID, since: date) -> None:
    """Removes the step of this date; the previous one stays valid. Raises NotFoundError and ConflictError."""
    before = await _hold(change.session, attribute, employee_id)
    try:
        after = without_step(before, since)
    except KeyError as error:
        raise NotFoundError("No value starts on this date. List the values to see their dates.") from error
    except ValueError as error:
        raise ConflictError("This is the only value, and every date needs one. Add another value first.") from error
    await _change(context, change, attribute, employee_id, before, after)


async def settle_present(context: Context, session: AsyncSession, today: date, now: datetime) -> int:
    """Updates officers' present unit and type to today's and publishes the changed officers; returns their number."""
    due = list((await session.execute(_DUE, {"today": today})).scalars())
    if not due:
        return 0
    # Read again under the lock, so that a concurrent change is not undone.
    await session.execute(_LOCK, {"employees": due})
    changed = list((await session.execute(_SETTLE, {"today": today, "now": now, "employees": due})).scalars())
    await publish_employees(context, session, changed)
    return len(changed)


async def _hold(session: AsyncSession, attribute: Attribute, employee_id: UUID) -> list[Step[str]]:
    """Locks the officer, so that no day is computed with the old steps after they have changed."""
    if (await session.execute(_LOCK, {"employees": [employee_id]})).first() is None:
        raise NotFoundError("There is no officer with this employee_id. Look it up in the list of officers.")
    return (await read_steps(session, attribute, [employee_id]))[employee_id]


async def _change(
    context: Context,
    change: Change,
    attribute: Attribute,
    employee_id: UUID,
    before: Sequence[Step[Any]],
    after: Sequence[Step[Any]],
) -> None:
    await write_steps(change.session, attribute, {employee_id: after})
    span: Span | None = changed_span(before, after)
    if span is not None:
        await enqueue_spans(change, [(employee_id, span.first, span.last)])
    now = context.clock.now()
    await settle_present(context, change.session, now.astimezone(context.zone).date(), now)
