"""The migrations make exactly the tables that the code knows, and no column joins a vote to its visit."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from services.feedback.models import Base, Feedback, Visit
from tests.fixtures.backends import Postgres
from tests.integration.feedback.office import office


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata))


async def test_models_equal_migrations(postgres: Postgres) -> None:
    async with office(postgres) as place, place.service.context.database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def test_a_vote_shares_with_its_visit_only_whom_it_was_about() -> None:
    assert set(Visit.model_fields) & set(Feedback.model_fields) == {"employee_id", "org_unit_id"}
