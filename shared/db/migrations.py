"""Alembic, one chain per service: run manually, by the deployment's migration step, or at start in one process."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.db.collations import CollationChange, rebuild_text_indexes

__all__ = ["ADVISORY_LOCK", "SERVICES", "config_for", "run_environment", "upgrade"]

SERVICES = ("attendance", "feedback", "scoring", "notifications")
LOCK_TIMEOUT = "5s"
ADVISORY_LOCK = 0x6B696E65  # concurrent starts migrate one after the other

_ROOT = Path(__file__).resolve().parents[2]


def config_for(service: str, url: str) -> Config:
    """Alembic's configuration for a service's chain; `url` is the SQLAlchemy URL of the database."""
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "services" / service / "migrations"))
    config.attributes["url"] = url
    config.attributes["rebuilt"] = []
    return config


def upgrade(service: str, url: str) -> list[CollationChange]:
    """Migrates a service's database to the newest schema. Not for use inside a running event loop.

    Before that, it rebuilds indexes that were built for another order of text; returns the collations that had changed.
    """
    config = config_for(service, url)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
        raise CommandError(
            f"the database of {service} has the schema of another version of this program. Use the version that made it, or an"
            " empty database"
        ) from error
    rebuilt: list[CollationChange] = config.attributes["rebuilt"]
    return rebuilt


def run_environment(metadata: MetaData) -> None:
    """The body of each service's migrations/env.py."""
    url = context.config.attributes["url"]
    asyncio.run(_run(url, metadata))


async def _run(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate, metadata)
            await connection.commit()
    finally:
        await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.execute(text(f"set local lock_timeout = '{LOCK_TIMEOUT}'"))
    context.config.attributes["rebuilt"].extend(rebuild_text_indexes(connection))
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
