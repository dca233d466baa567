"""The metadata of the service's tables, and tables that other services have too."""

from __future__ import annotations

from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from shared.access.keys import ApiKeyColumns
from shared.messaging.held_events import DroppedColumns
from shared.messaging.producing.outbox import OutboxColumns, outbox_indexes

__all__ = ["ApiKey", "Base", "OutboxDropped", "OutboxRow"]


class Base(SQLModel, registry=registry()):
    """The service's own metadata: one process can contain four services."""


class OutboxRow(OutboxColumns, Base, table=True):
    __tablename__ = "outbox"
    __table_args__ = outbox_indexes()


class OutboxDropped(DroppedColumns, Base, table=True):
    __tablename__ = "outbox_dropped"


class ApiKey(ApiKeyColumns, Base, table=True):
    __tablename__ = "api_key"
