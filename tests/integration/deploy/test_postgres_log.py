"""The stack's Postgres with the stack's settings: its log of errors and slow statements contains no value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from testcontainers.core.container import DockerContainer

from embedded.postgres import SERVER_OPTIONS
from tests.fixtures.stores.containers import PostgresInContainer
from tests.fixtures.stores.engine import needs_engine

ROOT = Path(__file__).resolve().parents[3]
NAME, NIP, PASSWORD = "Rumiati Sikumbang", "198705122010012017", "pässword-4711"
QUIET = {
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
}


def stack_command() -> list[str]:
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    command: list[str] = document["services"]["postgres"]["command"]
    return command


def test_the_stack_and_make_up_log_alike() -> None:
    of_stack = dict(part.split("=", 1) for part in stack_command() if "=" in part)
    assert QUIET.items() <= of_stack.items()
    assert QUIET.items() <= SERVER_OPTIONS.items()
    assert int(of_stack["log_min_duration_statement"]) > 0  # slow statements are logged, without their parameters


class PostgresOfTheStack(PostgresInContainer):
    """Postgres with the settings of docker-compose.yml; every statement is slow enough to be logged."""

    def __init__(self) -> None:
        super().__init__()
        self._container: DockerContainer
        self._container.with_command([*stack_command(), "-c", "log_min_duration_statement=0"])

    def log(self) -> str:
        out, err = self._container.get_logs()
        return str((out + err).decode())


async def fails(connection: Any, query: str, *values: object) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await connection.fetch(query, *values)


@pytest.mark.containers
@needs_engine
async def test_no_line_of_the_servers_log_holds_a_value() -> None:
    server = PostgresOfTheStack()
    server.start()
    try:
        roles = (ROOT / "deploy/postgres/roles.sh").read_text()
        [limit] = re.findall(r"^alter role \$1 (set log_min_messages.*;)$", roles, re.MULTILINE)
        owner = await asyncpg.connect(server.dsn())
        await owner.execute("set log_min_duration_statement = -1")  # as roles.sh does before it
        await owner.execute(f"create role attendance login password '{PASSWORD}'; alter role attendance {limit}")
        await owner.execute("create table officer (nip text unique, name text check (name <> 'x'), days int)")
        await owner.execute("grant all on officer to attendance")
        await owner.close()
        service = await asyncpg.connect(server.dsn(), user="attendance", password=PASSWORD)
        insert = "insert into officer (nip, name) values ($1, $2)"
        await service.execute(insert, NIP, NAME)
        await fails(service, insert, NIP, NAME)  # Key (nip)=(...) already exists
        await fails(service, "insert into officer (nip, name) select $1, cast($2 as text) from nowhere", NIP, NAME)
        await fails(service, "select cast(name as int) from officer")  # invalid input syntax for type integer: "..."
        await fails(service, "select cast($1 as text)::int", NAME)
        await fails(service, "update officer set name = $1, days = 1 / (length($1) - length($1))", NAME)
        await service.fetch("select pg_sleep(0.01), $1::text", NAME)
        await service.close()
        written = server.log()
        assert "duration: " in written
        assert "select pg_sleep(0.01), $1::text" in written
        for secret in (NAME, "Rumiati", NIP, PASSWORD):
            assert secret not in written, secret
    finally:
        server.remove()
