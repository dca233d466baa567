"""The migrations make exactly the tables that the code knows."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from services.attendance.models import Base
from tests.fixtures.backends import Postgres
from tests.integration.attendance.city import city


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata))


async def test_models_equal_migrations(postgres: Postgres) -> None:
    async with city(postgres) as town, town.service.context.database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
