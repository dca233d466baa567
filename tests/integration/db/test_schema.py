"""The migrations of each service create exactly the tables, views and functions that its code uses."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from shared.db.migrations import SERVICES
from tests.fixtures.services import running_service
from tests.fixtures.stores.backends import Postgres

ROOT = Path(__file__).resolve().parents[3]
VERSIONED = re.compile(r"\b[a-z]\w*_v\d+\b")
"""Names of views and functions: their definition never changes, a new one gets the next number."""
CREATED = text(
    """
    select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
    union all select proname from pg_proc where pronamespace = 'public'::regnamespace
    """
)


@pytest.mark.parametrize("service", SERVICES)
async def test_models_equal_migrations(postgres: Postgres, service: str) -> None:
    tables = importlib.import_module(f"services.{service}.tables").METADATA

    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), tables))

    async with (
        running_service(service, postgres) as running,
        running.context.database.engine.connect() as connection,
    ):
        assert await connection.run_sync(differences) == []


def used_by(service: str) -> set[str]:
    """The views and functions that a service's code names."""
    files = [*(ROOT / "services" / service).rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    return {
        name
        for file in files
        if "migrations" not in file.parts and file.name != "first_tables.py"
        for name in VERSIONED.findall(file.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("service", SERVICES)
async def test_views_and_functions_are_those_that_the_code_uses(postgres: Postgres, service: str) -> None:
    async with (
        running_service(service, postgres) as running,
        running.context.database.engine.connect() as connection,
    ):
        assert set((await connection.execute(CREATED)).scalars()) == used_by(service)


async def test_the_first_unit_and_type_also_apply_to_earlier_dates(postgres: Postgres) -> None:
    async with (
        running_service("attendance", postgres) as running,
        running.context.database.engine.connect() as connection,
    ):
        for statement in (
            "insert into org_unit values ('u1', 'A'), ('u2', 'B')",
            """insert into employee (employee_id, revision, nip, name, employment_type, org_unit_id, active_from, recorded_at)
               values (gen_random_uuid(), 1, '1', 'x', 'PNS', 'u2', '2022-04-01', now())""",
            "insert into employee_unit select employee_id, '2026-08-01', 'u1' from employee",
            "insert into employee_unit select employee_id, '2026-08-05', 'u2' from employee",
            "insert into employee_type select employee_id, '2022-04-01', 'PNS' from employee",
        ):
            await connection.execute(text(statement))
        for view, columns, expected in (
            ("unit_time_v1", "org_unit_id", [("u1", "-infinity", "2026-08-04"), ("u2", "2026-08-05", "infinity")]),
            ("type_time_v1", "employment_type", [("PNS", "-infinity", "infinity")]),
        ):
            query = text(f"select {columns}, first_date::text, last_date::text from {view} order by first_date")
            assert [tuple(row) for row in (await connection.execute(query)).all()] == expected
