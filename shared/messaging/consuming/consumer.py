"""The batch consumer: records → one database transaction → offsets, always in this order.

FastStream's subscriber delivers raw batches; nothing is decoded before the handler, because one undecodable record or
header would empty the whole batch. A record that cannot be used is parked and the others are applied; when too many
cannot be used, the consumer stops and commits nothing. Acknowledgement is manual, with explicit offsets: `msg.ack()`
would commit the position of every partition, also for records that were not applied.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaMessage
from faststream.kafka.message import KafkaAckableMessage

from shared.contracts.envelope import recorded_at_of
from shared.db.database import Database, fault_of, is_transient
from shared.messaging.consuming.batch_work import BatchWork, Handler
from shared.messaging.consuming.dead_letters import DeadLetters
from shared.messaging.consuming.incoming import Incoming
from shared.messaging.consuming.poison_limit import PoisonLimit, TooManyUnusableError
from shared.messaging.consuming.tolerant_fetch import UnparsableRecord, read_tolerantly
from shared.messaging.kafka import make_broker
from shared.observability.logs import logger
from shared.observability.metrics import Metrics
from shared.observability.tracing import begin_trace
from shared.settings.settings import ServiceSettings

__all__ = ["BatchConsumer"]

log = logger(__name__)

RETRY_SECONDS_MAX = 30.0
STALL_SECONDS = 60.0
BATCH_SECONDS_MAX = 300.0
"""The longest time for one batch; after it the group assigns the partitions to another member."""
WATCH_SECONDS = 2.0
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
        self._broker = make_broker(settings, service)
        self._subscriber = self._broker.subscriber(
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
            parser=self._parse,
            decoder=_no_decoding,
        )
        self._subscriber(self._consume)
        self._stopping = False
        self._applying = False
        self._done: dict[TopicPartition, int] = {}
        self._applied_at: dict[str, datetime] = {}
        self._failed: BaseException | None = None
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
                behind, now_at = await self._observe()
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
                await self._broker.stop()
        except (TimeoutError, KafkaError) as error:
            log.warning("consumer_abandoned", error=type(error).__name__)

    @property
    def assigned(self) -> bool:
        """Whether the group has assigned this member its partitions (perhaps none) and the loop polls."""
        consumer = self._subscriber.consumer
        if consumer is None:
            return False
        return all(
            (last := consumer.last_poll_timestamp(tp)) is None or time.time() * 1000 - last < 60_000
            for tp in consumer.assignment()
        ) and bool(consumer.assignment())

    async def _start(self) -> None:
        wait = 0.5
        while True:
            try:
                await self._broker.start()
            except KafkaError as error:
                log.warning("consumer_waits_for_broker", error=type(error).__name__, seconds=wait)
                await self._broker.stop()
                await asyncio.sleep(wait)
                wait = min(wait * 2, 10.0)
            else:
                return

    async def _parse(self, batch: tuple[ConsumerRecord[Any, Any], ...]) -> KafkaMessage:
        return KafkaAckableMessage(
            body=b"",
            headers={},
            message_id=f"{batch[0].topic}/{batch[0].partition}/{batch[0].offset}",
            raw_message=batch,
            consumer=self._subscriber.consumer,
        )

    async def _consume(self, message: KafkaMessage) -> None:
        try:
            batch = message.raw_message
            if not isinstance(batch, tuple):
                raise TypeError("the subscriber was made with batch=True")
            # Until it has left the group it applies nothing: a later commit would skip the batch at which it stopped.
            if self.halted is not None or self._failed is not None:
                return
            records = [_incoming(record) for record in batch]
            self._applying = True
            if await self._apply_until_done(records):
                await self._commit_offsets(records)
        except TooManyUnusableError as error:
            self._halt(str(error))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # FastStream would swallow it; the watch loop ends the process
            log.exception("batch_failed")
            self._failed = error
        finally:
            self._applying = False

    def _halt(self, words: str) -> None:
        self.halted = words
        self._metrics.consumer_halted.set(1)
        log.critical("consumer_stopped", because=words, runbook="docs/runbooks/dead-letters.md")

    async def _apply_until_done(self, records: Sequence[Incoming]) -> bool:
        """Applies the batch; while the database is down it waits, and never skips. False: stopped before the end."""
        wait = 0.2
        started = time.monotonic()
        while not self._stopping:
            begin_trace(None)
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
                self._measure(records)
                return True
        return False

    def _measure(self, records: Sequence[Incoming]) -> None:
        counts: dict[str, int] = {}
        newest: dict[str, Incoming] = {}
        for record in records:
            counts[record.topic] = counts.get(record.topic, 0) + 1
            newest[record.topic] = record
        now = datetime.now(UTC)
        for topic, count in counts.items():
            self._metrics.consumed.labels(topic).inc(count)
            # One sample per topic and batch, the last record: parsing every header would cost more than the batch itself.
            recorded_at = recorded_at_of(newest[topic].headers)
            if recorded_at is not None:
                self._applied_at[topic] = recorded_at
                self._metrics.end_to_end_seconds.labels(topic).observe(max(0.0, (now - recorded_at).total_seconds()))

    async def _commit_offsets(self, records: Sequence[Incoming]) -> None:
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            offsets[TopicPartition(record.topic, record.partition)] = record.offset + 1
        consumer = self._subscriber.consumer
        if consumer is None:
            return
        try:
            await consumer.commit(offsets)
            self._done |= offsets
        except (CommitFailedError, IllegalStateError) as error:
            # The partitions now belong to another member: it receives the records again, which changes nothing.
            log.info("offsets_not_committed", error=type(error).__name__)
        except KafkaError as error:
            log.warning("offsets_not_committed", error=type(error).__name__)

    async def _observe(self) -> tuple[bool, dict[TopicPartition, int]]:
        """Lag metrics; whether records wait; the committed positions of the assigned partitions."""
        consumer = self._subscriber.consumer
        if consumer is None:
            return False, {}
        lags = dict.fromkeys(self._topics, 0)
        positions: dict[TopicPartition, int] = {}
        assigned = consumer.assignment()
        # Another member's commits are unknown here: forget the positions of revoked partitions.
        self._done = {tp: offset for tp, offset in self._done.items() if tp in assigned}
        for tp in assigned:
            try:
                async with asyncio.timeout(1.0):
                    # before our first commit on it, the fetch position is the best estimate
                    positions[tp] = self._done[tp] if tp in self._done else await consumer.position(tp)
            except (TimeoutError, KafkaError):
                continue
            end = consumer.highwater(tp)
            if end is not None:
                lags[tp.topic] += max(0, end - positions[tp])
        now = datetime.now(UTC)
        for topic, lag in lags.items():
            self._metrics.consumer_lag.labels(topic).set(lag)
            applied_at = self._applied_at.get(topic, now) if lag else now
            self._metrics.consumer_lag_seconds.labels(topic).set(max(0.0, (now - applied_at).total_seconds()))
        return any(lags.values()), positions


def _incoming(record: ConsumerRecord[Any, Any]) -> Incoming:
    fault = record.fault if isinstance(record, UnparsableRecord) else None
    return Incoming(record.topic, record.partition, record.offset, record.key, record.value, record.headers, fault)


async def _no_decoding(message: KafkaMessage) -> KafkaMessage:
    # FastStream passes the decoder's result to the handler
    return message
