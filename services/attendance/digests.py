"""What this owner has of its topics' things, to be compared with their readers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.publish import EMPLOYEES
from shared.contracts.semester import Semester
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE, Topic
from shared.digest_routes import Source, stream

__all__ = ["SOURCES"]

_EMPLOYEES = text(EMPLOYEES)
_DAYS = text("select record from attendance_day where work_date between :first and :last")


async def _employees(session: AsyncSession, _: Semester) -> AsyncIterator[Mapping[str, Any]]:
    async for row in stream(session, _EMPLOYEES, {}):
        yield row._mapping  # noqa: SLF001 - SQLAlchemy's public name


async def _days(session: AsyncSession, semester: Semester) -> AsyncIterator[Mapping[str, Any]]:
    async for row in stream(session, _DAYS, {"first": semester.first_day, "last": semester.last_day}):
        yield orjson.loads(row[0])


SOURCES: dict[Topic[Any], Source] = {EMPLOYEE: _employees, ATTENDANCE_DAY: _days}
