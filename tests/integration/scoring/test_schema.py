"""The migrations make exactly the tables that the code knows."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from services.scoring.models import Base
from tests.fixtures.backends import Postgres
from tests.fixtures.services import running_service


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata))


async def test_models_equal_migrations(postgres: Postgres) -> None:
    async with (
        running_service("scoring", postgres) as scoring,
        scoring.context.database.engine.connect() as connection,
    ):
        assert await connection.run_sync(differences) == []
