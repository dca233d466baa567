"""Records that could not be used: stored byte for byte, published as dead letters, then released or dismissed.

A record waits for a person until it is released to the same handler or dismissed. Dismissing states that it is wrong for
good, and why; it can still be released later, and the dismissal stays recorded. A released record has been applied, so
it cannot be dismissed.

Large parts stay here, in the table, and the dead letter gives their location (see `shared.messaging.consuming.incoming`).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from shared.base.clock import Clock
from shared.contracts.events.dead_letter import DeadLetterRecord
from shared.contracts.topics import DEAD_LETTER
from shared.db.database import utc_field
from shared.db.shared_tables import SharedTable
from shared.errors.errors import ConflictError
from shared.messaging.consuming.incoming import Incoming, dead_letter, encodable, size_of
from shared.messaging.producing.outbox import Outbox
from shared.observability.metrics import Metrics

__all__ = ["DeadLetters", "Parked", "ParkedRecord", "Place", "printable"]

DETAIL_CHARS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that cannot be used, with a reason code and an explanation for a person."""

    record: Incoming
    reason: str
    detail: str


class Place(NamedTuple):
    """The position of a parked record.

    `generation` is 0 for the first record at a position, and one higher for each other record with the same offset: a
    topic that was created again counts its offsets from 0.
    """

    topic: str
    partition: int
    offset: int
    generation: int = 0


class ParkedRecord(SharedTable, table=True):
    __tablename__ = "parked_record"

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    """The record's offset."""
    generation: int = Field(default=0, primary_key=True, sa_column_kwargs={"server_default": text("0")})
    key: bytes | None = None
    value: bytes | None = None
    headers: bytes
    """A JSON list of [name, base64 or null]."""
    reason: str
    detail: str
    parked_at: datetime = utc_field()
    released_at: datetime | None = utc_field(default=None, nullable=True)
    dismissed_at: datetime | None = utc_field(default=None, nullable=True)
    dismissed_by: str | None = None
    """The holder of the key: an officer's id, else the key's name."""
    dismissed_reason: str | None = None


# The same record again is a copy; another one at the same offset belongs to a topic that was created again.
_INSERT_RECORD = text(
    """
    with i as (
        select cast(:topic as varchar) as topic, cast(:partition as int4) as partition, cast(:offset as int8) as position,
               cast(:key as bytea) as key, cast(:value as bytea) as value, cast(:headers as bytea) as headers
    ), there as (
        select p.* from parked_record p join i using (topic, partition, position)
    )
    insert into parked_record (topic, partition, position, generation, key, value, headers, reason, detail, parked_at)
    select topic, partition, position, (select coalesce(max(generation) + 1, 0) from there),
           key, value, headers, :reason, :detail, :parked_at
    from i
    where not exists (
        select from there t where (t.key, t.value, t.headers) is not distinct from (i.key, i.value, i.headers)
    )
    on conflict do nothing
    returning generation
    """
)
_AT_PLACE = "topic = :topic and partition = :partition and position = :offset and generation = :generation"
_RECORD_FOR_UPDATE = text(f"select * from parked_record where {_AT_PLACE} for update")
_LISTED_RECORDS = text(
    """
    select topic, partition, position, generation, reason, detail, parked_at, released_at, dismissed_at, dismissed_by,
      dismissed_reason, octet_length(value) as value_bytes
    from parked_record
    where case when released_at is not null then :released when dismissed_at is not null then :dismissed else true end
      and (topic, partition, position, generation) > (:topic, :partition, :offset, :generation)
    order by topic, partition, position, generation limit :most
    """
)
_SET_RELEASED = text(f"update parked_record set released_at = :now where {_AT_PLACE}")
_SET_DISMISSED = text(
    f"""
    update parked_record
    set dismissed_at = :dismissed_at, dismissed_by = :dismissed_by, dismissed_reason = :dismissed_reason
    where {_AT_PLACE}
    """
)
_WAITING_COUNT = text("select count(*) from parked_record where released_at is null and dismissed_at is null")


class DeadLetters:
    """The parked records of one service."""

    def __init__(self, service: str, outbox: Outbox, clock: Clock, metrics: Metrics) -> None:
        self._service = service
        self._outbox = outbox
        self._clock = clock
        self._metrics = metrics

    async def park(self, session: AsyncSession, parked: Sequence[Parked]) -> int:
        """Stores the records and adds their dead letters, in the session's transaction. Parking twice is harmless.

        Returns how many were not parked before.
        """
        now = self._clock.now()
        letters: list[DeadLetterRecord] = []
        for item in parked:
            record, detail = item.record, printable(item.detail)
            values = {
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "key": record.key,
                "value": record.value,
                "headers": orjson.dumps([[encodable(name), _base64(value)] for name, value in record.headers]),
                "reason": item.reason,
                "detail": detail,
                "parked_at": now,
            }
            generation = (await session.execute(_INSERT_RECORD, values)).scalar()
            if generation is not None:
                letters.append(dead_letter(self._service, record, item.reason, detail, generation=generation, now=now))
                self._metrics.parked.labels(record.topic, item.reason).inc()
        await self._outbox.add(session, DEAD_LETTER, letters)
        return len(letters)

    async def page(
        self, session: AsyncSession, *, after: Place | None, most: int, released: bool, dismissed: bool
    ) -> list[dict[str, Any]]:
        """Parked records without their bytes, in the order of their positions.

        Waiting records are always included. A record that was dismissed and later released counts as released.
        """
        begin = after or Place("", -1, -1)
        values = {**begin._asdict(), "most": most, "released": released, "dismissed": dismissed}
        return [_listed(row) for row in (await session.execute(_LISTED_RECORDS, values)).mappings()]

    async def find(self, session: AsyncSession, place: Place) -> dict[str, Any] | None:
        """One whole parked record; bytes as base64 and, if they are UTF-8, as text."""
        row = await self._row(session, place)
        if row is None:
            return None
        return {
            **_listed({**row, "value_bytes": size_of(row["value"])}),
            "key_base64": _base64(row["key"]),
            "value_base64": _base64(row["value"]),
            "value_text": _text(row["value"]),
            "headers": orjson.loads(row["headers"]),
        }

    async def take(self, session: AsyncSession, place: Place) -> Incoming | None:
        """Marks a parked record as released and returns it for the handler, in the caller's transaction.

        An earlier dismissal stays recorded.
        """
        row = await self._row(session, place)
        if row is None:
            return None
        await session.execute(_SET_RELEASED, {"now": self._clock.now(), **place._asdict()})
        headers = [(n, None if v is None else base64.b64decode(v)) for n, v in orjson.loads(row["headers"])]
        return Incoming(place.topic, place.partition, place.offset, row["key"], row["value"], headers)

    async def dismiss(self, session: AsyncSession, place: Place, *, by: str, reason: str) -> dict[str, Any] | None:
        """Dismisses a waiting record and stores who did so and why. Returns None if there is no such record.

        Raises ConflictError for one that does not wait: the first decision stays.
        """
        row = await self._row(session, place)
        if row is None:
            return None
        if row["released_at"] is not None:
            raise ConflictError("The record was released and has been applied: there is nothing to dismiss.")
        if row["dismissed_at"] is not None:
            raise ConflictError(f"The record was dismissed before, by {row['dismissed_by']}: {row['dismissed_reason']}")
        said = {"dismissed_at": self._clock.now(), "dismissed_by": by, "dismissed_reason": reason}
        await session.execute(_SET_DISMISSED, {**said, **place._asdict()})
        return _listed({**row, **said, "value_bytes": size_of(row["value"])})

    async def observe(self, session: AsyncSession) -> None:
        """Updates the metric of records that wait for a person."""
        self._metrics.parked_waiting.set((await session.execute(_WAITING_COUNT)).scalar_one())

    async def _row(self, session: AsyncSession, place: Place) -> dict[str, Any] | None:
        row = (await session.execute(_RECORD_FOR_UPDATE, place._asdict())).mappings().first()
        return None if row is None else dict(row)


def _listed(row: Any) -> dict[str, Any]:
    return {
        "topic": row["topic"],
        "partition": row["partition"],
        "offset": row["position"],
        "generation": row["generation"],
        "reason": row["reason"],
        "detail": row["detail"],
        "value_bytes": row["value_bytes"],
        "parked_at": row["parked_at"],
        "released_at": row["released_at"],
        "dismissed_at": row["dismissed_at"],
        "dismissed_by": row["dismissed_by"],
        "dismissed_reason": row["dismissed_reason"],
    }


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _text(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def printable(message: str) -> str:
    """A reason as it is stored: at most DETAIL_CHARS_MAX characters."""
    # Postgres text cannot contain NUL
    return encodable(message).replace("\x00", "�")[:DETAIL_CHARS_MAX]
