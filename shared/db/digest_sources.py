"""How a service reads its things of a topic for digests, with bounded memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.semester import Semester
from shared.db.queries import query

__all__ = ["ROWS_AT_A_TIME", "Source", "records_of", "rows_of"]

Source = Callable[[AsyncSession, Semester], AsyncIterator[Mapping[str, Any]]]
"""A topic's things of a semester in this service, whether it owns or reads them. Officers belong to no semester: all of
them."""

ROWS_AT_A_TIME = 1_000
"""Hashing them takes some 10 ms, during which the event loop is blocked."""


class _Record(NamedTuple):
    record: str | bytes


def rows_of(sql: str) -> Source:
    """The unchanged rows of a query, for things that belong to no semester."""
    prepared = text(sql).execution_options(yield_per=ROWS_AT_A_TIME)

    async def source(session: AsyncSession, _: Semester) -> AsyncIterator[Mapping[str, Any]]:
        result = await session.stream(prepared)
        async for rows in result.partitions():
            for row in rows:
                yield row._asdict()

    return source


def records_of(sql: str, values: Callable[[Semester], Mapping[str, Any]]) -> Source:
    """The published records that a query returns as JSON; `values` are its parameters for a semester."""
    prepared = query(sql, _Record)

    async def source(session: AsyncSession, semester: Semester) -> AsyncIterator[Mapping[str, Any]]:
        async for row in prepared.stream(session, values(semester), rows_at_a_time=ROWS_AT_A_TIME):
            yield orjson.loads(row.record)

    return source
