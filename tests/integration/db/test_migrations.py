"""Two simultaneous starts migrate one after the other, and a migration does not wait for ever for another transaction."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from embedded.postgres import EmbeddedPostgres
from shared.db.migrations import ADVISORY_LOCK
from tests.fixtures.faults.store_faults import until_waiting
from tests.fixtures.stores.postgres import fresh_database

pytestmark = pytest.mark.embedded

WAIT_SECONDS = 60


async def migrate(url: str) -> Process:
    """Starts the deployment's migration step as its container does."""
    command = (sys.executable, "-m", "cli.main", "migrate", "scoring")
    return await asyncio.create_subprocess_exec(
        *command, env=os.environ | {"KINERJA_DATABASE_URL": url}, stdout=PIPE, stderr=STDOUT
    )


async def end_of(process: Process) -> tuple[int | None, str]:
    """Its exit status and output."""
    async with asyncio.timeout(WAIT_SECONDS):
        words, _ = await process.communicate()
    return process.returncode, words.decode()


async def test_migrations_of_two_starts_run_one_after_the_other(embedded_postgres: EmbeddedPostgres) -> None:
    url = await fresh_database(embedded_postgres)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as third:  # holds both back, so that they really run concurrently
        await third.execute(text("select pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        both = [await migrate(url), await migrate(url)]
        await until_waiting(third, len(both))
        assert (await third.execute(text("select to_regclass('day_fact')"))).scalar_one() is None
        await third.rollback()
        assert [await end_of(one) for one in both] == [(0, "scoring: schema is up to date\n")] * 2
        assert (await third.execute(text("select version_num from alembic_version"))).scalars().all()
    await engine.dispose()


async def test_a_migration_gives_up_behind_a_long_transaction_and_changes_nothing(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    url = await fresh_database(embedded_postgres)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as other:
        await other.execute(
            text("create table day_fact (id int)")
        )  # not committed: the first migration creates a table of this name
        begun = time.monotonic()
        status, words = await end_of(await migrate(url))
        assert (status, "lock timeout" in words) == (1, True), words
        assert time.monotonic() - begun < WAIT_SECONDS / 2
        await other.rollback()
        tables = text("select count(*) from pg_tables where schemaname = 'public'")
        assert (await other.execute(tables)).scalar_one() == 0
        assert await end_of(await migrate(url)) == (0, "scoring: schema is up to date\n")
    await engine.dispose()


async def test_a_database_of_another_version_is_refused_and_left_alone(embedded_postgres: EmbeddedPostgres) -> None:
    url = await fresh_database(embedded_postgres)
    assert (await end_of(await migrate(url)))[0] == 0
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text("update alembic_version set version_num = '0008'"))
    status, words = await end_of(await migrate(url))
    assert (status, "of another version of this program" in words) == (1, True), words
    async with engine.connect() as connection:
        found = await connection.execute(text("select version_num from alembic_version"))
        assert found.scalars().all() == ["0008"]
    await engine.dispose()
