"""Officers as the API shows them: with the present unit and employment type, and the dates since when they apply."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.people.assignments import EMPLOYMENT_TYPE, UNIT, read_steps
from services.attendance.people.queries import OfficerState
from services.attendance.people.rules.history import present_since
from shared.access.auth import Principal, requires
from shared.db.queries import Query
from shared.openapi.models import Answer
from shared.service.context import Context

__all__ = ["Officer", "ReaderDep", "read_officers"]

ReaderDep = Annotated[Principal, requires("employees:read")]


class Officer(Answer):
    """An officer as of today. `unit_from` and `employment_type_from`: the start dates of the present unit and type."""

    employee_id: UUID
    nip: str
    name: str
    """The officer's name in the roster."""
    employment_type: str
    """PNS, PPPK or PPPK_PART_TIME, as of today."""
    employment_type_from: date
    """The first date with the present employment type."""
    org_unit_id: str
    """The unit, as of today."""
    org_unit_name: str
    """The unit's name."""
    unit_from: date
    """The first date in the present unit."""
    superior_id: UUID | None
    """The direct superior; null if the roster has none."""
    email: str | None
    """The address for notifications; null if the roster has none."""
    active_from: date
    """The first date of employment."""
    active_to: date | None
    """The last date of employment; null while there is none."""
    revision: int
    """The revision of the officer's record on `asn.employee.v1`."""


async def read_officers(context: Context, query: Query[OfficerState], values: Mapping[str, object]) -> list[Officer]:
    """The officers of a query, in its order."""
    today = context.today

    async def read(session: AsyncSession) -> list[Officer]:
        rows = await query.all(session, values)
        employees = [row.employee_id for row in rows]
        units = await read_steps(session, UNIT, employees)
        types = await read_steps(session, EMPLOYMENT_TYPE, employees)
        return [
            Officer(
                unit_from=present_since(units[row.employee_id], today),
                employment_type_from=present_since(types[row.employee_id], today),
                **row._asdict(),
            )
            for row in rows
        ]

    return await context.transact(read)
