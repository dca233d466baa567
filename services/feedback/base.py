"""The metadata of the service's tables, and tables that other services have too."""

from __future__ import annotations

from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from shared.access.keys import ApiKeyColumns
from shared.messaging.consuming.dead_letters import ParkedColumns
from shared.messaging.held_events import DroppedColumns
from shared.messaging.producing.outbox import OutboxColumns, outbox_indexes

__all__ = ["ApiKey", "Base", "OutboxDropped", "OutboxRow", "ParkedRecord"]


class Base(SQLModel, registry=registry()):
    """The service's own metadata: four services may run in one process."""


class OutboxRow(OutboxColumns, Base, table=True):
    __tablename__ = "outbox"
    __table_args__ = outbox_indexes()


class OutboxDropped(DroppedColumns, Base, table=True):
    __tablename__ = "outbox_dropped"


class ParkedRecord(ParkedColumns, Base, table=True):
    __tablename__ = "parked_record"


class ApiKey(ApiKeyColumns, Base, table=True):
    __tablename__ = "api_key"
