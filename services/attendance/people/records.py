"""The officers' records that other services receive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.events.employee import EmployeeRecord
from shared.contracts.topics import EMPLOYEE
from shared.db.queries import query
from shared.service.context import Context

__all__ = ["OfficerState", "publish_employees", "read_employees", "read_states", "record_of"]


class OfficerState(NamedTuple):
    """An officer's present state: the columns of officer_v1."""

    employee_id: UUID
    revision: int
    nip: str
    name: str
    employment_type: str
    org_unit_id: str
    org_unit_name: str
    superior_id: UUID | None
    email: str | None
    active_from: date
    active_to: date | None
    recorded_at: datetime


OFFICER_STATES = query(
    "select * from officer_v1 where employee_id = any(cast(:employees as uuid[])) order by employee_id", OfficerState
)


async def publish_employees(context: Context, session: AsyncSession, employees: list[UUID]) -> None:
    """Adds the present state of these officers to the outbox."""
    await context.outbox.add(session, EMPLOYEE, await read_employees(session, employees))


async def read_employees(session: AsyncSession, employees: list[UUID]) -> list[EmployeeRecord]:
    """The present records of these officers."""
    return [record_of(state) for state in await read_states(session, employees)]


async def read_states(session: AsyncSession, employees: Sequence[UUID]) -> list[OfficerState]:
    """The present states of these officers, by employee_id."""
    return await OFFICER_STATES.all(session, {"employees": employees})


def record_of(state: OfficerState) -> EmployeeRecord:
    """The record that other services receive. Raises ValidationError if the contract does not allow the stored values."""
    return EmployeeRecord.model_validate(state._asdict())
