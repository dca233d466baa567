"""Typed queries: SQL text with the shape of its rows.

SQL text is for what an ORM cannot say well: upserts that return rows, batches over `unnest`, locks in an order. A single
row that is only read or written goes through SQLModel's `select` and `session.add`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar, cast

from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["Query", "query"]

# A NamedTuple: its fields are the query's columns, in the same order.
R = TypeVar("R", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class Query(Generic[R]):
    """SQL whose rows have the fields of `row`, a NamedTuple, in the same order. A mismatch raises TypeError."""

    sql: TextClause
    row: type[R]

    async def all(self, session: AsyncSession, values: Mapping[str, object] | None = None) -> list[R]:
        """All rows."""
        return self.typed(await self._run(session, values))

    async def first(self, session: AsyncSession, values: Mapping[str, object] | None = None) -> R | None:
        """The first row, or None."""
        row = (await self._run(session, values)).first()
        return None if row is None else self.typed([row])[0]

    async def one(self, session: AsyncSession, values: Mapping[str, object] | None = None) -> R:
        """The only row. Raises NoResultFound or MultipleResultsFound."""
        return self.typed([(await self._run(session, values)).one()])[0]

    async def stream(
        self, session: AsyncSession, values: Mapping[str, object] | None = None, *, rows_at_a_time: int
    ) -> AsyncIterator[R]:
        """All rows, `rows_at_a_time` of them in memory."""
        result = await session.stream(self.sql.execution_options(yield_per=rows_at_a_time), values or {})
        self._check(result.keys())
        async for rows in result.partitions():  # many rows for one call of the driver: row by row takes twice the time
            for row in self.typed(rows):
                yield row

    def typed(self, rows: Iterable[Sequence[Any]]) -> list[R]:
        """The driver's rows as rows of this query. Values stay as they are; tests check that they have the fields' types."""
        make = cast(type[NamedTuple], self.row)._make
        return [cast(R, make(row)) for row in rows]

    async def _run(self, session: AsyncSession, values: Mapping[str, object] | None) -> CursorResult[Any]:
        result = await session.execute(self.sql, values or {})
        self._check(result.keys())
        return cast("CursorResult[Any]", result)

    def _check(self, columns: Iterable[str]) -> None:
        fields = cast(type[NamedTuple], self.row)._fields
        if tuple(columns) != fields:
            raise TypeError(f"the columns {tuple(columns)} are not the fields of {self.row.__name__}: {fields}")


def query(sql: str, row: type[R]) -> Query[R]:
    """A query of SQL text with the fields of its rows."""
    return Query(text(sql), row)
