"""A typed query gives rows of its type, and fails at once if its columns are not the fields of that type."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from embedded.postgres import EmbeddedPostgres
from shared.db.database import Database
from shared.db.queries import query
from tests.fixtures.stores.postgres import fresh_database


class Span(NamedTuple):
    first: int
    last: int


SPANS = query("select n as first, n + 1 as last from generate_series(1, :most) as n order by 1", Span)


@pytest.fixture
async def database(embedded_postgres: EmbeddedPostgres) -> Database:
    return Database(await fresh_database(embedded_postgres))


async def test_rows_have_the_fields_of_their_type(database: Database) -> None:
    async with database.transaction() as session:
        assert await SPANS.all(session, {"most": 2}) == [Span(1, 2), Span(2, 3)]
        assert await SPANS.first(session, {"most": 0}) is None
        assert (await SPANS.one(session, {"most": 1})).last == 2


@pytest.mark.parametrize("columns", ["1 as last, 2 as first", "1 as first", "1 as first, 2 as last, 3 as more"])
async def test_other_columns_than_the_fields_fail_at_once(database: Database, columns: str) -> None:
    async with database.transaction() as session:
        with pytest.raises(TypeError, match="fields of Span"):
            await query(f"select {columns}", Span).all(session)


class Sum(NamedTuple):
    total: int


async def test_a_value_of_another_type_than_its_field_fails_in_tests(database: Database) -> None:
    async with database.transaction() as session:
        sums = query("select sum(n) as total from (values (cast(1 as bigint))) as t (n)", Sum)  # numeric in Postgres
        with pytest.raises(TypeError, match=r"Sum\.total is a Decimal"):
            await sums.one(session)
