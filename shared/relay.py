"""The relay publishes outbox rows in lane order and deletes what the broker has acknowledged.

Publish, then delete: a crash in between sends a row again, which no consumer minds (revisions). A row's presence is
the flag. A cursor over ids would lose rows that commit late, and SKIP LOCKED over rows would break the order of a key.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Database, fault_of, is_transient
from shared.kafka import make_producer
from shared.log_safety import safe_words
from shared.logs import logger
from shared.metrics import Metrics
from shared.outbox import LANES, Outbox
from shared.settings import ServiceSettings

__all__ = ["Relay", "observe_outbox"]

log = logger(__name__)

ROUND_ROWS_MAX = 2_000
POLL_SECONDS = 1.0
"""For rows that a process left behind that ended; each process's own commits wake its own relay at once."""
BUSY_LANES_SECONDS = 0.1
"""When another relay held lanes: our rows may be in them, and it does not know of our commits."""
ASK_SECONDS = 10.0
"""With nothing to send for so long the broker is asked for its metadata: a service that is idle says too that it is away."""
ROUND_DEADLINE_SECONDS = 20.0
BACKOFF_SECONDS_MAX = 10.0
_LOCK_NAMESPACE = 0x6B696E  # "kin"

_LOCK_LANES = text(
    "select lane from generate_series(0, :lanes - 1) as lane where pg_try_advisory_xact_lock(:namespace, lane)"
)
_NEXT_ROWS = text(
    """
    select id, lane, topic, key, headers, value from outbox
    where lane = any(cast(:lanes as int2[])) order by id limit :most
    """
)
_DELETE = text("delete from outbox where id = any(cast(:ids as bigint[]))")
_STATE = text("select count(*), coalesce(extract(epoch from now() - min(created_at)), 0) from outbox")


class Relay:
    """Runs until cancelled. Several relays of one database share the lanes; one is enough."""

    def __init__(self, settings: ServiceSettings, database: Database, outbox: Outbox, metrics: Metrics) -> None:
        self._settings = settings
        self._database = database
        self._outbox = outbox
        self._metrics = metrics
        self._producer: AIOKafkaProducer | None = None
        self._lanes_busy = False
        self._heard_at = self._asked_at = float("-inf")
        self._asked: asyncio.Future[bool] | None = None
        self.healthy = False
        """Whether the broker answered at the last round, or some seconds before it when there was nothing to send."""

    async def run(self) -> None:
        """Publishes for ever; while the broker or the store is away it waits and tries again."""
        backoff = 0.0
        try:
            while True:
                try:
                    sent = await self.publish_round()
                    await self._hear(sent)
                    self.healthy, backoff = True, 0.0
                    if sent < ROUND_ROWS_MAX:
                        await self._wait(BUSY_LANES_SECONDS if self._lanes_busy else POLL_SECONDS)
                except Exception as error:
                    if not (isinstance(error, KafkaError) or is_transient(error)):
                        raise
                    self.healthy = False
                    self._metrics.relay_failures.inc()
                    log.warning("relay_waits", **fault_of(error), detail=safe_words(error), seconds=backoff)
                    await self._drop_producer()
                    backoff = min(max(0.2, backoff * 2), BACKOFF_SECONDS_MAX)
                    await asyncio.sleep(backoff * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
        finally:
            await self._drop_producer()

    async def publish_round(self) -> int:
        """One round: lock lanes, read, publish, delete, commit. Returns how many rows were published."""
        self._outbox.committed.clear()
        producer = await self._started_producer()
        async with self._database.transaction() as session:
            lanes = [
                lane for (lane,) in await session.execute(_LOCK_LANES, {"lanes": LANES, "namespace": _LOCK_NAMESPACE})
            ]
            self._lanes_busy = len(lanes) < LANES
            rows = (await session.execute(_NEXT_ROWS, {"lanes": lanes, "most": ROUND_ROWS_MAX})).all()
            sent = await self._send(producer, rows) if rows else []
            if sent:
                await session.execute(_DELETE, {"ids": sent})
        if len(sent) < len(rows):
            raise KafkaError(f"{len(rows) - len(sent)} of {len(rows)} events were not acknowledged")
        return len(sent)

    async def _send(self, producer: AIOKafkaProducer, rows: Any) -> list[int]:
        """Sends the rows and returns the ids of those that may be deleted: per lane, all before its first failure."""
        async with asyncio.timeout(ROUND_DEADLINE_SECONDS):
            pending = [
                await producer.send(
                    row.topic,
                    value=row.value,
                    key=row.key,
                    headers=[(name, value.encode()) for name, value in orjson.loads(row.headers)],
                )
                for row in rows
            ]
            results = await asyncio.gather(*pending, return_exceptions=True)
        failed_lanes: set[int] = set()
        sent: list[int] = []
        for row, result in zip(rows, results, strict=True):
            if isinstance(result, BaseException):
                failed_lanes.add(row.lane)
                log.warning("event_not_published", topic=row.topic, lane=row.lane, error=type(result).__name__)
            elif row.lane not in failed_lanes:
                sent.append(row.id)
                self._metrics.published.labels(row.topic).inc()
        return sent

    async def _hear(self, sent: int) -> None:
        """Makes sure that the broker is there, and waits for no answer: rows may come meanwhile. Raises KafkaError."""
        now = time.monotonic()
        if sent:
            self._heard_at, self._asked = now, None
        elif self._asked is None:
            if now - self._heard_at >= ASK_SECONDS:
                self._asked, self._asked_at = (await self._started_producer()).client.force_metadata_update(), now
        elif self._asked.done():
            if not self._asked.result():
                raise KafkaConnectionError("no broker answers")
            self._heard_at, self._asked = now, None
        elif now - self._asked_at > ROUND_DEADLINE_SECONDS:  # time to pass by one broker of several that hangs
            raise KafkaConnectionError("no broker answers in time")

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._outbox.committed.wait()
        except TimeoutError:
            return

    async def _started_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = make_producer(self._settings, self._outbox.service)
            try:
                async with asyncio.timeout(ROUND_DEADLINE_SECONDS):
                    await producer.start()
            except BaseException:
                await _stop(producer)
                raise
            self._producer = producer
        return self._producer

    async def _drop_producer(self) -> None:
        """A producer that failed once is replaced: after some errors its sender task is dead without a word."""
        producer, self._producer, self._asked = self._producer, None, None
        if producer is not None:
            await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    # With the broker away, stop() of an idempotent producer waits for ever for its unsent batches: they are still in
    # the outbox, so they may be given up.
    try:
        async with asyncio.timeout(2.0):
            await producer.stop()
    except (TimeoutError, KafkaError) as error:
        log.info("producer_abandoned", error=type(error).__name__)


async def observe_outbox(session: AsyncSession, metrics: Metrics) -> None:
    """Reads the outbox's size and age into the metrics."""
    rows, oldest_seconds = (await session.execute(_STATE)).one()
    metrics.outbox_rows.set(rows)
    metrics.outbox_oldest_seconds.set(max(0.0, float(oldest_seconds)))
