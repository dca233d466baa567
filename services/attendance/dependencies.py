"""Shared by the routes of this service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Path
from pydantic import AfterValidator, AwareDatetime, Field, NaiveDatetime
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.context import AttendanceContext
from shared.access.auth import Principal, requires
from shared.contracts.base import Identifier, to_utc
from shared.errors.errors import NotFoundError
from shared.openapi.models import Input
from shared.service.app import part_of

__all__ = [
    "BULK_SECONDS",
    "NO_MACHINE",
    "NO_OFFICER",
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
]

_Key = Literal["employee_id", "org_unit_id", "serial"]

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
# Limits before the conversion: pydantic then names them as moments, and no function of ours.
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime.fromisoformat("2000-01-01T00:00Z"), le=datetime.fromisoformat("2100-12-31T00:00Z")),
    AfterValidator(to_utc),
]
"""A moment with a UTC offset, from 2000 to 2100."""
AnyMoment = Annotated[
    AwareDatetime,
    Field(ge=datetime.fromisoformat("1970-01-01T00:00Z"), le=datetime.fromisoformat("2100-12-31T00:00Z")),
    AfterValidator(to_utc),
]
"""A moment by a server's clock, which may be wrong: without a battery it starts in 1970."""
PlainText = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]
BULK_SECONDS = 30.0
"""The timeout for requests that may affect every officer's days, longer than for ordinary requests."""

NO_OFFICER = "There is no officer with this employee_id. Look it up in the list of officers."
NO_MACHINE = "There is no machine with this serial. Register it first."

# Text, because the tables belong to rooms above this module.
_EXISTS: Mapping[_Key, tuple[TextClause, str]] = {
    "employee_id": (text("select 1 from employee where employee_id = :value"), NO_OFFICER),
    "org_unit_id": (
        text("select 1 from org_unit where org_unit_id = :value"),
        "There is no unit with this org_unit_id. Look it up in the list of units.",
    ),
    "serial": (text("select 1 from machine where serial = :value"), NO_MACHINE),
}


async def must_exist(session: AsyncSession, key: _Key, value: UUID | str | None) -> None:
    """Raises NotFoundError for an unknown officer, unit or machine; None passes."""
    if value is None:
        return
    exists, message = _EXISTS[key]
    if (await session.execute(exists, {"value": value})).first() is None:
        raise NotFoundError(message)
