"""The migrations of each service create exactly the tables in its code."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from tests.fixtures.backends import Postgres
from tests.fixtures.services import running_service


@pytest.mark.parametrize("service", ["attendance", "feedback", "scoring", "notifications"])
async def test_models_equal_migrations(postgres: Postgres, service: str) -> None:
    tables = importlib.import_module(f"services.{service}.tables").METADATA

    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), tables))

    async with (
        running_service(service, postgres) as running,
        running.context.database.engine.connect() as connection,
    ):
        assert await connection.run_sync(differences) == []
