"""The officers' records that other services receive."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.people.queries import OFFICER_STATES, OfficerState
from shared.contracts.events.employee import EmployeeRecord
from shared.contracts.topics import EMPLOYEE
from shared.service.context import Context

__all__ = ["publish_employees", "read_employees", "record_of"]


async def publish_employees(context: Context, session: AsyncSession, employees: list[UUID]) -> None:
    """Adds the present state of these officers to the outbox."""
    await context.outbox.add(session, EMPLOYEE, await read_employees(session, employees))


async def read_employees(session: AsyncSession, employees: list[UUID]) -> list[EmployeeRecord]:
    """The present records of these officers."""
    return [record_of(state) for state in await OFFICER_STATES.all(session, {"employees": employees})]


def record_of(state: OfficerState) -> EmployeeRecord:
    """The record that other services receive. Raises ValidationError if the contract does not allow the stored values."""
    return EmployeeRecord.model_validate(state._asdict())
