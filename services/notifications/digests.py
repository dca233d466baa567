"""What this service has of the things that it reads, to be compared with their owners."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.semester import Semester
from shared.contracts.topics import DISCIPLINE, EMPLOYEE, SCORE, Topic
from shared.digest_routes import Source, stream

__all__ = ["SOURCES"]

_EMPLOYEES = text("select * from employee")
_SCORES = text("select record from score where semester = :semester")
_YEARS = text("select record from discipline where year = :year")


async def _employees(session: AsyncSession, _: Semester) -> AsyncIterator[Mapping[str, Any]]:
    async for row in stream(session, _EMPLOYEES, {}):
        yield row._mapping  # noqa: SLF001 - SQLAlchemy's public name


async def _scores(session: AsyncSession, semester: Semester) -> AsyncIterator[Mapping[str, Any]]:
    async for row in stream(session, _SCORES, {"semester": str(semester)}):
        yield orjson.loads(row[0])


async def _years(session: AsyncSession, semester: Semester) -> AsyncIterator[Mapping[str, Any]]:
    async for row in stream(session, _YEARS, {"year": semester.year}):
        yield orjson.loads(row[0])


SOURCES: dict[Topic[Any], Source] = {EMPLOYEE: _employees, SCORE: _scores, DISCIPLINE: _years}
