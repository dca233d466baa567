"""Tables that several services have, each in its own database."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

__all__ = ["SharedTable", "add_shared_tables"]


class SharedTable(SQLModel, registry=registry()):
    """Base of the tables that the parts in `shared` read and write."""


def add_shared_tables(metadata: MetaData, *tables: type[SharedTable]) -> None:
    """Adds copies of the tables, with their indexes, to a service's metadata."""
    for table in tables:
        SharedTable.metadata.tables[str(table.__tablename__)].to_metadata(metadata)
