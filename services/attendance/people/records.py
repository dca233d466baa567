"""The officers' records that other services receive."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.events.employee import EmployeeRecord
from shared.contracts.topics import EMPLOYEE
from shared.service.context import Context

__all__ = ["OFFICER_RECORDS", "publish_employees", "read_employees"]

OFFICER_RECORDS = text(
    "select * from officer_v1 where employee_id = any(cast(:employees as uuid[])) order by employee_id"
)


async def publish_employees(context: Context, session: AsyncSession, employees: list[UUID]) -> None:
    """Adds the present state of these officers to the outbox."""
    await context.outbox.add(session, EMPLOYEE, await read_employees(session, employees))


async def read_employees(session: AsyncSession, employees: list[UUID]) -> list[EmployeeRecord]:
    """The present records of these officers."""
    rows = (await session.execute(OFFICER_RECORDS, {"employees": employees})).mappings()
    return [EmployeeRecord(**row) for row in rows]
