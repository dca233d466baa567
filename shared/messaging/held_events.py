"""Events that cannot be published: lists them with their reason and the events behind them, and drops one on request.

The relay marks a refused event in the outbox (see `producing/sending.py`). A dropped event is kept whole in
`outbox_dropped`, with who dropped it and why.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from shared.db.database import utc_field
from shared.db.shared_tables import SharedTable
from shared.errors.errors import ConflictError, NotFoundError
from shared.messaging.producing.outbox import LANE_LOCKS
from shared.observability.metrics import Metrics

__all__ = ["OutboxDropped", "drop", "observe_outbox", "page"]

_HELD_EVENTS = text(
    """
    select o.id, o.topic, o.key, o.event_id, octet_length(o.value) as value_bytes, o.created_at, o.attempts,
           o.held_since, o.next_attempt_at, o.holds, o.error,
           (select count(*) from outbox b where b.topic = o.topic
              and case o.holds when 'topic' then b.id <> o.id else b.key = o.key and b.id > o.id end) as behind
    from outbox o where o.next_attempt_at is not null and o.id > :after order by o.id limit :most
    """
)
# A relay holds the lane while it sends, so a dropped event is not being sent at that time.
_LOCK_LANE = text("select pg_advisory_xact_lock(:namespace, lane) from outbox where event_id = :event_id")
_HELD_EVENT = text("select topic, holds, error from outbox where event_id = :event_id and next_attempt_at is not null")
_MOVE_TO_DROPPED = text(
    """
    with gone as (delete from outbox where event_id = :event_id returning *)
    insert into outbox_dropped (event_id, topic, key, headers, value, created_at, attempts, error, dropped_at,
                                dropped_by, reason)
    select event_id, topic, key, headers, value, created_at, attempts, error, :now, :by, :reason from gone
    """
)
_OUTBOX_NUMBERS = text(
    """
    select count(*), coalesce(extract(epoch from now() - min(created_at) filter (where not held)), 0),
           count(*) filter (where held),
           coalesce(extract(epoch from now() - (select min(held_since) from outbox where next_attempt_at is not null)), 0)
    from (select created_at,
                 (select count(*) from outbox where next_attempt_at is not null) > 0 and waits_until is not null as held
          from outbox_wait_v1) as present
    """
)


class OutboxDropped(SharedTable, table=True):
    __tablename__ = "outbox_dropped"

    event_id: UUID = Field(primary_key=True)
    topic: str
    key: bytes
    headers: bytes
    value: bytes
    created_at: datetime = utc_field()
    attempts: int
    error: str | None = None
    dropped_at: datetime = utc_field()
    dropped_by: str
    """The holder of the key: an officer's id, else the key's name."""
    reason: str


async def page(session: AsyncSession, *, after: int, most: int) -> list[dict[str, Any]]:
    """The refused events after the outbox id `after`, in the order of their ids, with how many wait behind each."""
    rows = (await session.execute(_HELD_EVENTS, {"after": after, "most": most})).mappings()
    return [{**row, "key": row["key"].decode("utf-8", "replace")} for row in rows]


async def drop(session: AsyncSession, event_id: UUID, *, by: str, reason: str, now: datetime) -> None:
    """Moves a refused event from the outbox to `outbox_dropped`; then the events behind it are published.

    Raises NotFoundError for an event that is not held, ConflictError for one whose whole topic is refused.
    """
    key = {"event_id": event_id}
    await session.execute(_LOCK_LANE, {**key, "namespace": LANE_LOCKS})
    held = (await session.execute(_HELD_EVENT, key)).first()
    if held is None:
        raise NotFoundError("No event with this id is held back here: it was published or dropped, or never existed.")
    if held.holds == "topic":
        raise ConflictError(
            f"The topic {held.topic} accepts no event at all ({held.error}): dropping one would not help. Create the topic"
            " (kinerja topics provision) or grant the right to it (kinerja access); then publishing continues by itself."
        )
    await session.execute(_MOVE_TO_DROPPED, {**key, "by": by, "reason": reason, "now": now})


async def observe_outbox(session: AsyncSession, metrics: Metrics) -> None:
    """Updates the metrics of the outbox: size, age, and events that are held back."""
    rows, oldest_seconds, held_rows, held_seconds = (await session.execute(_OUTBOX_NUMBERS)).one()
    metrics.outbox_rows.set(rows)
    metrics.outbox_oldest_seconds.set(max(0.0, float(oldest_seconds)))
    metrics.outbox_held_rows.set(held_rows)
    metrics.outbox_held_seconds.set(max(0.0, float(held_seconds)))
