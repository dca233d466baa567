"""The batch consumer: records → one database transaction → offsets, always in this order.

FastStream polls, gives each batch to its subscriber, and stops between two batches. Its parser and decoder are ours and
read no record: with its own, one undecodable record or header would empty the whole batch. A record that cannot be used is
parked and the others are applied; when too many cannot be used, the consumer stops and commits nothing. Acknowledgement is
manual, with explicit offsets: `msg.ack()` would commit the position of every partition, also for records that were not
applied. What FastStream is used for, and what not: docs/adr/0017-what-faststream-does-here.md.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faststream import AckPolicy, ExceptionMiddleware
from faststream.kafka import KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER

from shared.contracts.envelope import header_text
from shared.db.database import Database, fault_of, is_transient
from shared.messaging.consuming.batch_work import BatchWork, Handler
from shared.messaging.consuming.consumer_progress import ConsumerProgress
from shared.messaging.consuming.dead_letters import DeadLetters
from shared.messaging.consuming.incoming import Incoming
from shared.messaging.consuming.poison_limit import PoisonLimit, TooManyUnusableError
from shared.messaging.consuming.tolerant_fetch import UnparsableRecord, read_tolerantly
from shared.messaging.kafka import make_broker
from shared.observability.logs import logger
from shared.observability.metrics import Metrics
from shared.observability.tracing import SpanKind, continued
from shared.settings.settings import ServiceSettings

__all__ = ["BatchConsumer"]

log = logger(__name__)

RETRY_SECONDS_MAX = 30.0
STALL_SECONDS = 60.0
BATCH_SECONDS_MAX = 300.0
"""The longest time for one batch; after it the group assigns the partitions to another member."""
TRACES_MAX = 16
"""How many records of a batch are asked for their trace."""
WATCH_SECONDS = 2.0
POLL_SECONDS_MAX = 60.0
"""A partition that was not polled for so long is not being read."""
STOP_SECONDS = 10.0
"""For the batch in flight and for leaving the group. A cancelled batch is delivered again, which changes nothing."""


class BatchConsumer:
    """One consumer group member of a service, for all topics that the service reads."""

    def __init__(
        self,
        settings: ServiceSettings,
        database: Database,
        dead_letters: DeadLetters,
        metrics: Metrics,
        handler: Handler,
        *,
        service: str,
        topics: Sequence[str],
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._work = BatchWork(database, dead_letters, handler, PoisonLimit(settings.unusable_records_per_minute))
        self._topics = tuple(topics)
        read_tolerantly()
        self.broker = make_broker(settings, service)
        # FastStream ignores an error of parser, decoder or handler; a middleware sees it. These functions are async because
        # FastStream runs others in a thread.
        self.broker.add_middleware(ExceptionMiddleware({TooManyUnusableError: self._halt, Exception: self._fail}))
        self._subscriber = self.broker.subscriber(
            *topics,
            group_id=f"kinerja-{service}",
            batch=True,
            max_records=settings.batch_records_max,
            batch_timeout_ms=20,  # also its pause after an empty poll: at 5 ms an idle service polled a hundred times a second
            fetch_max_wait_ms=settings.kafka_fetch_max_wait_ms,
            fetch_min_bytes=1,
            max_partition_fetch_bytes=524_288,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            isolation_level="read_committed",
            session_timeout_ms=settings.kafka_session_timeout_ms,
            heartbeat_interval_ms=settings.kafka_heartbeat_ms,
            max_poll_interval_ms=int(BATCH_SECONDS_MAX * 1000),
            parser=_parse,
            decoder=_decode,
        )
        self._subscriber(self._consume)
        self._stopping = False
        self._applying = False
        self._failed: Exception | None = None
        self.progress = ConsumerProgress(metrics, topics)
        self.halted: str | None = None
        """Why it has stopped reading until its process restarts: too many records could not be used."""

    async def run(self) -> None:
        """Consumes until cancelled. Raises when the loop is stuck or failed: the process should then end.

        When too many records cannot be used, it leaves the group and waits: pages and the intake continue to work.
        """
        try:
            await self._start()
            position: dict[TopicPartition, int] = {}
            moved_at = time.monotonic()
            while True:
                await asyncio.sleep(WATCH_SECONDS)
                if self._failed is not None:
                    raise RuntimeError(
                        "the consumer's batch failed in a way that waiting cannot mend"
                    ) from self._failed
                if self.halted is not None:
                    await self.stop()
                    await asyncio.Event().wait()
                behind, now_at = await self.progress.observe(self._subscriber.consumer)
                if now_at != position or not behind:
                    position, moved_at = now_at, time.monotonic()
                else:
                    patience = BATCH_SECONDS_MAX if self._applying else STALL_SECONDS
                    if time.monotonic() - moved_at > patience and await self._database.answers():
                        # The client is known to stall after a long run without an error: detect the lack of progress.
                        raise RuntimeError(f"no progress for {patience:.0f} s with records waiting")
        finally:
            self._stopping = True
            await self.stop()

    async def stop(self) -> None:
        """Finishes the batch in flight, commits it and leaves the group; gives up after the broker's deadline."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.broker.stop()
        except (TimeoutError, KafkaError) as error:
            log.warning("consumer_abandoned", error=type(error).__name__)

    @property
    def assigned(self) -> bool:
        """Whether the group has assigned this member its partitions (perhaps none) and the loop polls them.

        A member without partitions is surplus, and ready to take over. While a topic does not exist nobody is ready.
        """
        client = self._subscriber.consumer
        if client is None or not self._subscriber.running:  # FastStream starts to poll after the group's assignment
            return False
        if not client.assignment():
            return all(client.partitions_for_topic(topic) for topic in self._topics)
        return all(
            (last := client.last_poll_timestamp(tp)) is None or time.time() * 1000 - last < POLL_SECONDS_MAX * 1000
            for tp in client.assignment()
        )

    async def _start(self) -> None:
        wait = 0.5
        while True:
            try:
                await self.broker.start()
            except KafkaError as error:
                log.warning("consumer_waits_for_broker", error=type(error).__name__, seconds=wait)
                await self.broker.stop()
                await asyncio.sleep(wait)
                wait = min(wait * 2, 10.0)
            else:
                return

    async def _consume(self, records: Sequence[Incoming]) -> None:
        # Until it has left the group it applies nothing: a later commit would skip the batch at which it stopped.
        if self.halted is not None or self._failed is not None:
            return
        self._applying = True
        try:
            with continued("consume batch", _traceparents(records), kind=SpanKind.CONSUMER) as span:
                span.set_attribute("messaging.batch.message_count", len(records))
                if await self._apply_until_done(records):
                    await self._commit_offsets(records)
        finally:
            self._applying = False

    async def _halt(self, error: TooManyUnusableError) -> None:
        self.halted = str(error)
        self._metrics.consumer_halted.set(1)
        log.critical("consumer_stopped", because=self.halted, runbook="docs/runbooks/dead-letters.md")

    async def _fail(self, error: Exception) -> None:
        log.error("batch_failed", exc_info=error)
        self._failed = error  # the watch loop ends the process

    async def _apply_until_done(self, records: Sequence[Incoming]) -> bool:
        """Applies the batch; while the database is down it waits, and never skips. False: stopped before the end."""
        wait = 0.2
        started = time.monotonic()
        while not self._stopping:
            try:
                await self._work.apply(records)
            except Exception as error:
                if not is_transient(error):
                    raise
                self._metrics.batch_retries.inc()
                log.warning("batch_waits_for_store", **fault_of(error), seconds=round(wait, 1))
                await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
                wait = min(wait * 2, RETRY_SECONDS_MAX)
            else:
                self._metrics.batch_seconds.observe(time.monotonic() - started)
                self.progress.count_applied(records)
                return True
        return False

    async def _commit_offsets(self, records: Sequence[Incoming]) -> None:
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            offsets[TopicPartition(record.topic, record.partition)] = record.offset + 1
        consumer = self._subscriber.consumer
        if consumer is None:
            return
        try:
            await consumer.commit(offsets)
            self.progress.committed |= offsets
        except (CommitFailedError, IllegalStateError) as error:
            # The partitions now belong to another member: it receives the records again, which changes nothing.
            log.info("offsets_not_committed", error=type(error).__name__)
        except KafkaError as error:
            log.warning("offsets_not_committed", error=type(error).__name__)


async def _parse(batch: Sequence[ConsumerRecord[Any, Any]]) -> KafkaMessage:
    """FastStream's message of a batch. It is never acknowledged, so it needs no client."""
    return KafkaMessage(body=batch, raw_message=tuple(batch), consumer=FAKE_CONSUMER)


async def _decode(message: KafkaMessage) -> list[Incoming]:
    """What the handler gets: the records as received."""
    return [_incoming(record) for record in message.body]


def _traceparents(records: Sequence[Incoming]) -> list[str]:
    """Of the first records only: in a backlog each one has another, and reading all headers would cost time."""
    found = (header_text(record.headers, "traceparent") for record in records[:TRACES_MAX])
    return [traceparent for traceparent in found if traceparent is not None]


def _incoming(record: ConsumerRecord[Any, Any]) -> Incoming:
    fault = record.fault if isinstance(record, UnparsableRecord) else None
    return Incoming(record.topic, record.partition, record.offset, record.key, record.value, record.headers, fault)
