"""Shared by the routes of this service."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Path
from pydantic import Field, NaiveDatetime
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.context import AttendanceContext
from shared.access.auth import Principal, requires
from shared.contracts.base import Identifier, UtcDateTime
from shared.errors.errors import NotFoundError
from shared.openapi.models import Input
from shared.service.app import part_of
from shared.service.context import Context

__all__ = [
    "BULK_SECONDS",
    "SERIAL",
    "AnyMoment",
    "ContextDep",
    "Input",
    "LocalTime",
    "Moment",
    "OperatorDep",
    "PlainText",
    "Serial",
    "UnitId",
    "WorkDate",
    "must_exist",
    "read_rows",
]

ContextDep = Annotated[AttendanceContext, Depends(part_of(AttendanceContext))]
OperatorDep = Annotated[Principal, requires()]
UnitId = Identifier
SERIAL = r"^[A-Za-z0-9_-]{1,64}$"
"""A machine's serial number."""
Serial = Annotated[str, Path(pattern=SERIAL, description="As printed on the machine.")]
WorkDate = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
"""A date from 2000 to 2100."""
LocalTime = Annotated[NaiveDatetime, Field(ge=datetime(2000, 1, 1), le=datetime(2100, 12, 31))]  # noqa: DTZ001 - local
"""A local time without UTC offset, from 2000 to 2100."""
Moment = Annotated[
    UtcDateTime, Field(ge=datetime.fromisoformat("2000-01-01T00:00Z"), le=datetime.fromisoformat("2100-12-31T00:00Z"))
]
"""A moment with a UTC offset, from 2000 to 2100."""
AnyMoment = Annotated[
    UtcDateTime, Field(ge=datetime.fromisoformat("1970-01-01T00:00Z"), le=datetime.fromisoformat("2100-12-31T00:00Z"))
]
"""A moment by a server's clock, which may be wrong: without a battery it starts in 1970."""
PlainText = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]
BULK_SECONDS = 30.0
"""The timeout for requests that may affect every officer's days, longer than for ordinary requests."""


async def read_rows(context: Context, query: TextClause, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The rows of a query, as mappings."""

    async def read(session: AsyncSession) -> list[dict[str, Any]]:
        return [dict(row) for row in (await session.execute(query, values or {})).mappings()]

    return await context.transact(read)


_TABLES = {
    "employee_id": ("employee", "There is no officer with this employee_id. Look it up in the list of officers."),
    "org_unit_id": ("org_unit", "There is no unit with this org_unit_id. Look it up in the list of units."),
    "serial": ("machine", "There is no machine with this serial. Register it first."),
}


async def must_exist(session: AsyncSession, column: str, value: Any) -> None:
    """Raises NotFoundError for an unknown officer, unit or machine; None passes."""
    if value is None:
        return
    table, words = _TABLES[column]
    if (
        await session.execute(text(f"select 1 from {table} where {column} = :value"), {"value": value})
    ).first() is None:
        raise NotFoundError(words)
