"""How a service reads its things of a topic for digests, with bounded memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.semester import Semester

__all__ = ["Source", "records_of", "rows_of", "stream"]

Source = Callable[[AsyncSession, Semester], AsyncIterator[Mapping[str, Any]]]
"""A topic's things of a semester in this service, whether it owns or reads them. Officers belong to no semester: all of
them."""

ROWS_AT_A_TIME = 1_000
"""Hashing them takes some 10 ms, during which the event loop is blocked."""


async def stream(session: AsyncSession, query: Any, values: Mapping[str, Any]) -> AsyncIterator[Any]:
    """The rows of a query, a few thousand in memory at a time."""
    result = await session.stream(query.execution_options(yield_per=ROWS_AT_A_TIME), values)
    async for rows in result.partitions():  # many rows for one call of the driver: row by row takes twice the time
        for row in rows:
            yield row


def rows_of(query: str) -> Source:
    """The unchanged rows of a query, for things that belong to no semester."""
    prepared = text(query)

    async def source(session: AsyncSession, _: Semester) -> AsyncIterator[Mapping[str, Any]]:
        async for row in stream(session, prepared, {}):
            yield row._mapping  # noqa: SLF001 - SQLAlchemy's public name

    return source


def records_of(query: str, values: Callable[[Semester], Mapping[str, Any]]) -> Source:
    """The published records that a query returns as JSON; `values` are its parameters for a semester."""
    prepared = text(query)

    async def source(session: AsyncSession, semester: Semester) -> AsyncIterator[Mapping[str, Any]]:
        async for (record,) in stream(session, prepared, values(semester)):
            yield orjson.loads(record)

    return source
