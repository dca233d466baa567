"""A library that sorts text differently from existing indexes is detected, and the indexes are rebuilt."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import httpx
import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from cli.doctor.collations import examine_collations
from cli.findings import Finding
from embedded.postgres import EmbeddedPostgres
from shared.db.collations import CollationChange, CollationError, rebuild_text_indexes
from shared.db.migrations import SERVICES
from tests.fixtures.services import running_service
from tests.fixtures.stores.containers import PostgresInContainer
from tests.fixtures.stores.engine import needs_engine
from tests.fixtures.stores.postgres import Server, migrated_database

pytestmark = [pytest.mark.containers, needs_engine]

PATH = "/scores/v1/text-order"
OTHER_VERSION = "update pg_database set datcollversion = '0' where datname = current_database()"
OWN_VERSION = "select datcollversion from pg_database where datname = current_database()"
FILES = """
    select i.relname, i.relfilenode from pg_class i join pg_index x on x.indexrelid = i.oid
    where i.relname in ('api_key_pkey', 'parked_record_pkey')
"""
OTHER_COLLATIONS = """
    select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid,
         unnest(i.indcollation::oid[]) as used
    where c.relnamespace = 'public'::regnamespace and used not in (0, '"default"'::regcollation)
"""
MISSED_BY_INDEX = """
    select count(*) from unnest($1::text[]) as wanted (name)
    where (select name from person where person.name = wanted.name collate odd limit 1) is null
"""


async def new_database(server: Server, options: str = "", owner: str | None = None) -> str:
    """The name of a new database; its owner is as in the stack: may log in, no superuser."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(server.dsn())
    try:
        if owner:
            await connection.execute(f"create role {owner} login password 'of-the-test'")
        await connection.execute(f"create database {name} {f'owner {owner}' if owner else ''} {options}")
        if owner:
            await connection.execute(f"grant all on database {name} to {owner}")
    finally:
        await connection.close()
    if owner:
        async with superuser(server, name) as inside:
            await inside.execute(f"alter schema public owner to {owner}")
    return name


@asynccontextmanager
async def superuser(server: Server, database: str) -> AsyncIterator[asyncpg.Connection]:
    """A new session: a session caches collations that it has read."""
    connection = await asyncpg.connect(server.dsn(database))
    try:
        yield connection
    finally:
        await connection.close()


async def migrate(url: str) -> tuple[int | None, str]:
    """Exit status and output of the deployment's migration step."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "migrate", "scoring"),
        env=os.environ | {"KINERJA_DATABASE_URL": url}, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


async def rebuild(url: str) -> list[CollationChange]:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(rebuild_text_indexes)
    finally:
        await engine.dispose()


async def test_another_version_is_noticed_and_the_migration_step_rebuilds_the_indexes(
    postgres_container: PostgresInContainer,
) -> None:
    owner = f"owner_{uuid4().hex[:8]}"
    name = await new_database(postgres_container, owner=owner)
    url = postgres_container.url(name)
    own_url = "postgresql+asyncpg://" + f"{owner}:of-the-test@" + url.partition("@")[2]
    assert await migrate(own_url) == (0, "scoring: schema is up to date\n")

    async with running_service("scoring", postgres_container, database_url=url) as service:
        assert (await service.http.get(PATH)).json() == {
            "provider": "builtin", "depends_on_library": False, "changes": []
        }  # fmt: skip
        async with superuser(postgres_container, name) as session:
            await session.execute(OTHER_VERSION)
            before = dict(await session.fetch(FILES))
        answer = await service.http.get(PATH)
        assert answer.json()["changes"] == [{"collation": "default", "recorded": "0", "actual": "1"}]
        [finding] = doctor_of(answer)
        assert (finding.state, finding.todo) == (
            "fail",
            "docker compose run --rm --no-deps migrate; docs/runbooks/collation.md",
        )

        status, output = await migrate(own_url)

        assert (status, output.splitlines()) == (
            0,
            [
                "scoring: rebuilt the indexes of text (collation default: version 0 is recorded, 1 is installed)",
                "scoring: schema is up to date",
            ],
        )
        assert (await service.http.get(PATH)).json()["changes"] == []
        async with superuser(postgres_container, name) as session:
            assert await session.fetchval(OWN_VERSION) == "1"
            after = dict(await session.fetch(FILES))
        # the key of parked_record is a topic's name, the key of api_key is a UUID
        assert {index: after[index] != before[index] for index in before} == {
            "parked_record_pkey": True, "api_key_pkey": False
        }  # fmt: skip
        assert await migrate(own_url) == (0, "scoring: schema is up to date\n")


def doctor_of(answer: httpx.Response) -> list[Finding]:
    """What the doctor reports when scoring gives this answer, and the other services are well."""
    well = {"provider": "builtin", "depends_on_library": False, "changes": []}

    def reply(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=answer.json() if request.url.path == PATH else well)

    with httpx.Client(transport=httpx.MockTransport(reply), base_url="http://testserver") as http:
        return list(examine_collations(http))


async def test_only_the_operator_may_ask(postgres_container: PostgresInContainer) -> None:
    async with running_service("scoring", postgres_container) as service:
        key = await service.key("scores", "scores:read")
        assert (await service.http.get(PATH, headers=key)).status_code == 403
        assert (await service.http.get(PATH, headers={"Authorization": ""})).status_code == 401


async def test_a_database_of_the_c_library_s_order_is_named_and_its_new_version_recorded(
    postgres_container: PostgresInContainer,
) -> None:
    name = await new_database(postgres_container, "template template0 locale_provider libc locale 'en_US.utf8'")
    url = postgres_container.url(name)
    async with running_service("scoring", postgres_container, database_url=url) as service:
        answer = await service.http.get(PATH)
        assert answer.json() == {"provider": "libc", "depends_on_library": True, "changes": []}
        assert [(found.state, "libc" in found.what) for found in doctor_of(answer)] == [("warn", True)]
        async with superuser(postgres_container, name) as session:
            installed = await session.fetchval(OWN_VERSION)
            await session.execute(OTHER_VERSION)
        assert await rebuild(url) == [CollationChange("default", "0", installed)]
        assert (await service.http.get(PATH)).json()["changes"] == []


async def test_a_library_without_a_version_is_refused_with_what_to_do(postgres_container: PostgresInContainer) -> None:
    name = await new_database(postgres_container, "template template0 locale_provider libc locale 'C'")
    url = postgres_container.url(name)
    async with superuser(postgres_container, name) as session:
        await session.execute(OTHER_VERSION)
    with pytest.raises(CollationError, match="version 0 is recorded, none is installed"):
        await rebuild(url)
    status, output = await migrate(url)
    assert status == 1
    assert "the schema cannot be brought up to date: collation default" in output
    assert "docs/runbooks/collation.md" in output


async def test_rows_that_an_index_of_another_order_misses_are_found_again(
    postgres_container: PostgresInContainer,
) -> None:
    name = await new_database(postgres_container)
    url = postgres_container.url(name)
    people = [f"{first}{last}{number}" for first in "abcd" for last in "abcd" for number in range(60)]
    async with superuser(postgres_container, name) as session:
        await session.execute("create collation odd (provider = icu, locale = 'und', rules = '&d < a')")
        await session.execute("create table person (name text collate odd primary key)")
        await session.execute("insert into person select unnest($1::text[])", people)
        # the new library has other rules and another version
        await session.execute(
            "update pg_collation set collicurules = '&d < b', collversion = '1' where collname = 'odd'"
        )

    async def missed() -> int:
        async with superuser(postgres_container, name) as session:
            await session.execute("set enable_seqscan = off")
            count: int = await session.fetchval(MISSED_BY_INDEX, people)
            return count

    assert await missed() > 0
    [change] = await rebuild(url)
    assert (change.collation, change.recorded) == ("public.odd", "1")
    assert await missed() == 0
    assert await rebuild(url) == []


async def test_rebuilding_waits_for_no_one_and_changes_nothing_then(postgres_container: PostgresInContainer) -> None:
    name = await new_database(postgres_container)
    url = postgres_container.url(name)
    assert (await migrate(url))[0] == 0
    async with superuser(postgres_container, name) as session:
        await session.execute(OTHER_VERSION)
        async with session.transaction():
            await session.execute("lock table parked_record in row exclusive mode")
            status, output = await migrate(url)
        assert (status, "lock timeout" in output) == (1, True)
        assert await session.fetchval(OWN_VERSION) == "0"


@pytest.mark.embedded
async def test_the_embedded_server_orders_text_without_the_machine_s_library(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with running_service("scoring", embedded_postgres) as service:
        found = (await service.http.get(PATH)).json()
    assert (found["depends_on_library"], found["changes"]) == (False, [])
    connection = await asyncpg.connect(embedded_postgres.dsn())
    try:
        assert await connection.fetchval("select datcollate from pg_database where datname = current_database()") == "C"
        assert await connection.fetchval("select 'Z' < 'a' and 'É' > 'z' and lower('É') = 'é'")
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_no_index_of_ours_names_a_collation(service: str, postgres_container: PostgresInContainer) -> None:
    url = await migrated_database(postgres_container, service)
    async with superuser(postgres_container, url.rpartition("/")[2]) as session:
        assert await session.fetch(OTHER_COLLATIONS) == []
