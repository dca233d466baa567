"""Officers' units and employment types by date. A change may start in the past; the affected days are computed again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_spans
from services.attendance.dependencies import NO_OFFICER
from services.attendance.people.present import LOCK_OFFICERS, update_present
from services.attendance.people.rules.history import Step, Steps, changed_span, with_step, without_step
from shared.db.queries import Query, query
from shared.errors.errors import ConflictError, NotFoundError
from shared.service.context import Context

__all__ = [
    "EMPLOYMENT_TYPE",
    "UNIT",
    "Attribute",
    "drop_step",
    "put_step",
    "read_steps",
    "write_steps",
]


class StepRow(NamedTuple):
    """A value of an officer from a date on."""

    employee_id: UUID
    effective_from: date
    value: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A dated value of an officer, with the SQL of its table."""

    steps: Query[StepRow]
    delete: TextClause
    insert: TextClause

    @classmethod
    def of(cls, table: str, column: str) -> Attribute:
        """The attribute in this column; the table also has employee_id and effective_from."""
        of_officers = "where employee_id = any(cast(:employees as uuid[]))"
        return cls(
            steps=query(
                f"select employee_id, effective_from, {column} as value from {table} {of_officers}"
                " order by employee_id, effective_from",
                StepRow,
            ),
            delete=text(f"delete from {table} {of_officers}"),
            insert=text(
                f"insert into {table} (employee_id, effective_from, {column}) select * from"
                " unnest(cast(:employees as uuid[]), cast(:dates as date[]), cast(:values as varchar[]))"
            ),
        )


UNIT = Attribute.of("employee_unit", "org_unit_id")
EMPLOYMENT_TYPE = Attribute.of("employee_type", "employment_type")


async def read_steps(
    session: AsyncSession, attribute: Attribute, employees: Sequence[UUID]
) -> dict[UUID, list[Step[str]]]:
    """The steps of these officers, oldest first."""
    found: dict[UUID, list[Step[str]]] = defaultdict(list)
    for row in await attribute.steps.all(session, {"employees": list(employees)}):
        found[row.employee_id].append((row.effective_from, row.value))
    return found


async def write_steps(session: AsyncSession, attribute: Attribute, steps: Mapping[UUID, Steps[str]]) -> None:
    """Replaces all steps of these officers."""
    rows = [(employee_id, since, value) for employee_id, each in steps.items() for since, value in each]
    if not rows:
        return
    employees, dates, values = zip(*rows, strict=True)
    await session.execute(attribute.delete, {"employees": list(steps)})
    await session.execute(
        attribute.insert, {"employees": list(employees), "dates": list(dates), "values": list(values)}
    )


async def put_step(context: Context, change: Change, attribute: Attribute, employee_id: UUID, step: Step[str]) -> None:
    """Sets a value from a date on, until the next step. Raises NotFoundError for an unknown officer."""
    before = await _locked_steps(change.session, attribute, employee_id)
    await _change(context, change, attribute, employee_id, before, with_step(before, *step))


async def drop_step(context: Context, change: Change, attribute: Attribute, employee_id: UUID, since: date) -> None:
    """Removes the step of this date; the previous one stays valid. Raises NotFoundError and ConflictError."""
    before = await _locked_steps(change.session, attribute, employee_id)
    try:
        after = without_step(before, since)
    except KeyError as error:
        raise NotFoundError("No value starts on this date. List the values to see their dates.") from error
    except ValueError as error:
        raise ConflictError("This is the only value, and every date needs one. Add another value first.") from error
    await _change(context, change, attribute, employee_id, before, after)


async def _locked_steps(session: AsyncSession, attribute: Attribute, employee_id: UUID) -> list[Step[str]]:
    """Locks the officer, so that no day is computed with the old steps after they have changed."""
    if (await session.execute(LOCK_OFFICERS, {"employees": [employee_id]})).first() is None:
        raise NotFoundError(NO_OFFICER)
    return (await read_steps(session, attribute, [employee_id]))[employee_id]


async def _change(
    context: Context,
    change: Change,
    attribute: Attribute,
    employee_id: UUID,
    before: Steps[str],
    after: Steps[str],
) -> None:
    await write_steps(change.session, attribute, {employee_id: after})
    span = changed_span(before, after)
    if span is not None:
        await enqueue_spans(change, [(employee_id, span.first, span.last)])
    await update_present(context, change)
