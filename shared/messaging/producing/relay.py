"""The relay publishes outbox rows in lane order and deletes what the broker has acknowledged.

Publish, then delete: after a crash in between a row is sent again, which is harmless for consumers (revisions). A row in
the table is not yet published. A cursor over ids would lose rows that commit late, and SKIP LOCKED over rows would break
the order of a key. A row that is itself refused is marked and tried again later; only the rows behind it wait.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.database import Database, fault_of, is_transient
from shared.messaging.kafka import make_producer
from shared.messaging.producing.outbox import LANE_LOCKS, LANES, Outbox
from shared.messaging.producing.sending import ROUND_DEADLINE_SECONDS, Refusal, send_rows
from shared.observability.log_safety import safe_message
from shared.observability.logs import logger
from shared.observability.metrics import Metrics
from shared.observability.tracing import set_failed, step
from shared.settings.settings import ServiceSettings

__all__ = ["Relay"]

log = logger(__name__)

ROUND_ROWS_MAX = 2_000
POLL_SECONDS = 1.0
"""For rows of a process that has ended; each process's own commits wake its own relay at once."""
BUSY_LANES_SECONDS = 0.1
"""Used when another relay held lanes: our rows may be in them, and it does not know about our commits."""
ASK_SECONDS = 10.0
"""After this time with nothing to send, request the broker's metadata: an idle service also reports a broker that is down."""
BACKOFF_SECONDS_MAX = 10.0
REFUSED_SECONDS_MAX = {"key": 600.0, "topic": 30.0}
"""A refused row is tried again after 1 s, then after twice as long each time, up to this. A refused topic is tried more
often: the request is cheap, and all of its events wait."""

_LOCK_LANES = text(
    "select lane from generate_series(0, :lanes - 1) as lane where pg_try_advisory_xact_lock(:namespace, lane)"
)
_NEXT_ROWS = text(
    """
    select id, topic, key, event_id, headers, value from outbox_wait_v1
    where lane = any(cast(:lanes as int2[])) and (waits_until > now()) is not true
    order by id limit :most
    """
)
_DELETE_ROWS = text("delete from outbox where id = any(cast(:ids as bigint[]))")
_POSTPONE_ROWS = text(
    """
    update outbox o
    set attempts = o.attempts + 1, held_since = coalesce(o.held_since, now()), holds = i.holds, error = i.error,
        next_attempt_at = now() + make_interval(secs => least(i.most, power(2, least(o.attempts, 30))))
    from unnest(cast(:ids as bigint[]), cast(:holds as text[]), cast(:errors as text[]), cast(:most as float8[]))
         as i (id, holds, error, most)
    where o.id = i.id
    """
)


class Relay:
    """Runs until cancelled. Several relays of one database share the lanes; one is enough."""

    def __init__(self, settings: ServiceSettings, database: Database, outbox: Outbox, metrics: Metrics) -> None:
        self._settings = settings
        self._database = database
        self._outbox = outbox
        self._metrics = metrics
        self._producer: AIOKafkaProducer | None = None
        self._lanes_busy = self._more = False
        self._heard_at = self._asked_at = float("-inf")
        self._asked: asyncio.Future[bool] | None = None
        self.healthy = False
        """Whether the broker answered in the last round, or some seconds before it when there was nothing to send."""

    async def run(self) -> None:
        """Publishes for ever; while the broker or the database is down it waits and tries again."""
        backoff = 0.0
        try:
            while True:
                try:
                    sent = await self.publish_round()
                    await self._hear(sent)
                    self.healthy, backoff = True, 0.0
                    if not self._more:
                        await self._wait(BUSY_LANES_SECONDS if self._lanes_busy else POLL_SECONDS)
                except Exception as error:
                    if not (isinstance(error, KafkaError) or is_transient(error)):
                        raise
                    self.healthy = False
                    self._metrics.relay_failures.inc()
                    log.warning("relay_waits", **fault_of(error), detail=safe_message(error), seconds=backoff)
                    await self._drop_producer()
                    backoff = min(max(0.2, backoff * 2), BACKOFF_SECONDS_MAX)
                    await asyncio.sleep(backoff * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
        finally:
            await self._drop_producer()

    async def publish_round(self) -> int:
        """One round: lock lanes, read, publish, delete, commit. Returns how many rows were published.

        Rows that are themselves refused are marked and do not delay others. Raises KafkaError if the broker failed; the
        rows that it acknowledged before are deleted.
        """
        self._outbox.committed.clear()
        producer = await self._started_producer()
        async with self._database.transaction() as session:
            lanes = [lane for (lane,) in await session.execute(_LOCK_LANES, {"lanes": LANES, "namespace": LANE_LOCKS})]
            self._lanes_busy = len(lanes) < LANES
            rows = (await session.execute(_NEXT_ROWS, {"lanes": lanes, "most": ROUND_ROWS_MAX})).all()
            self._more = len(rows) == ROUND_ROWS_MAX
            if not rows:
                return 0
            with step("relay send", {"messaging.batch.message_count": len(rows)}) as span:
                result = await send_rows(producer, rows, self._renewed_producer)
                if result.failure is not None:
                    set_failed(span, result.failure)
            if result.sent:
                await session.execute(_DELETE_ROWS, {"ids": [row.id for row in result.sent]})
            if result.refused:
                await self._postpone(session, result.refused)
        for row in result.sent:
            self._metrics.published.labels(row.topic).inc()
        if result.failure is not None:
            raise result.failure
        return len(result.sent)

    async def _postpone(self, session: AsyncSession, refused: Sequence[Refusal]) -> None:
        values = {
            "ids": [each.row.id for each in refused],
            "holds": [each.holds for each in refused],
            "errors": [each.error for each in refused],
            "most": [REFUSED_SECONDS_MAX[each.holds] for each in refused],
        }
        await session.execute(_POSTPONE_ROWS, values)
        for each in refused:
            self._metrics.refused.labels(each.row.topic).inc()
            log.warning(
                "event_refused",
                topic=each.row.topic,
                event_id=str(each.row.event_id),
                bytes=len(each.row.value),
                holds=each.holds,
                error=each.error,
            )

    async def _hear(self, sent: int) -> None:
        """Checks that the broker is up, without waiting for the response: rows may arrive meanwhile. Raises KafkaError."""
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
        elif now - self._asked_at > ROUND_DEADLINE_SECONDS:  # enough time to skip one of several brokers that hangs
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

    async def _renewed_producer(self) -> AIOKafkaProducer:
        await self._drop_producer()
        return await self._started_producer()

    async def _drop_producer(self) -> None:
        """Replaces a producer that failed once: after some errors its sender task is dead without any message."""
        producer, self._producer, self._asked = self._producer, None, None
        if producer is not None:
            await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    # While the broker is down, stop() of an idempotent producer waits for ever for its unsent batches: they are still in
    # the outbox, so they may be discarded.
    try:
        async with asyncio.timeout(2.0):
            await producer.stop()
    except (TimeoutError, KafkaError) as error:
        log.info("producer_abandoned", error=type(error).__name__)
