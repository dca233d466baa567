"""The outbox: an event is a row in the transaction of its change. `add` is the only way to publish."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Index, SmallInteger, event, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from shared.base.ids import new_id
from shared.contracts.base import Record
from shared.contracts.envelope import encode
from shared.contracts.topics import Topic, writers_of
from shared.db.database import utc_field
from shared.db.shared_tables import SharedTable
from shared.observability.tracing import current_traceparent

__all__ = ["LANES", "LANE_LOCKS", "Outbox", "OutboxRow", "lane_of"]

LANES = 8
"""Rows of one key share a lane, and a lane has one relay at a time, so a key's events keep their order."""
LANE_LOCKS = 0x6B696E  # "kin"
"""The namespace of the advisory locks with which a relay holds a lane for a transaction."""


class OutboxRow(SharedTable, table=True):
    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_lane", "lane", "id"),
        Index("outbox_held", "topic", "key", "id", postgresql_where=text("next_attempt_at is not null")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    lane: int = Field(sa_type=SmallInteger)
    topic: str
    key: bytes
    event_id: UUID
    headers: bytes
    """A JSON list of [name, text]."""
    value: bytes
    """The exact bytes to send."""
    created_at: datetime = utc_field()
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """How often it was refused; the columns below are null before the first refusal."""
    held_since: datetime | None = utc_field(default=None, nullable=True)
    """When it was first refused."""
    next_attempt_at: datetime | None = utc_field(default=None, nullable=True)
    """Before this time the relay reads neither this row nor the rows behind it."""
    holds: str | None = None
    """What waits behind it: `key`, the later events of its topic and key, or `topic`, all events of its topic."""
    error: str | None = None
    """The reason of the last refusal; never data."""


_INSERT_ROWS = text(
    """
    insert into outbox (lane, topic, key, event_id, headers, value, created_at)
    select lane, topic, key, event_id, headers, value, now()
    from unnest(cast(:lanes as int2[]), cast(:topics as text[]), cast(:keys as bytea[]), cast(:event_ids as uuid[]),
                cast(:headers as bytea[]), cast(:values as bytea[]))
         with ordinality as row (lane, topic, key, event_id, headers, value, position)
    order by position
    """
)


def lane_of(key: bytes) -> int:
    """The lane of a key; the same in every process and release."""
    return zlib.crc32(key) % LANES


class Outbox:
    """One service's outbox. `committed` is set after each commit that added rows: it wakes this process's relay."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.committed = asyncio.Event()

    async def add(self, session: AsyncSession, topic: Topic[Any], records: Sequence[Record]) -> None:
        """Adds the records, in order, to the session's transaction. Raises ValueError for a topic of another service."""
        if self.service not in writers_of(topic):
            raise ValueError(f"{self.service} does not write {topic.name}")
        if not records:
            return
        traceparent = current_traceparent()
        rows = [encode(topic, r, source=self.service, event_id=new_id(), traceparent=traceparent) for r in records]
        await session.execute(
            _INSERT_ROWS,
            {
                "lanes": [lane_of(row.key) for row in rows],
                "topics": [row.topic for row in rows],
                "keys": [row.key for row in rows],
                "event_ids": [row.event_id for row in rows],
                "headers": [orjson.dumps([[name, value.decode()] for name, value in row.headers]) for row in rows],
                "values": [row.value for row in rows],
            },
        )
        event.listen(session.sync_session, "after_commit", lambda _: self.committed.set(), once=True)
