"""How far a consumer is: its metrics of applied records and of lag, and what it has committed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts.envelope import recorded_at_of
from shared.messaging.consuming.incoming import Incoming
from shared.observability.metrics import Metrics

__all__ = ["ConsumerProgress"]

POSITION_SECONDS_MAX = 1.0
"""For one partition's position. It is known without the broker except at the start of an assignment."""


class ConsumerProgress:
    """What one consumer has applied and committed."""

    def __init__(self, metrics: Metrics, topics: Sequence[str]) -> None:
        self._metrics = metrics
        self._topics = tuple(topics)
        self._applied_at: dict[str, datetime] = {}
        self._assigned: set[TopicPartition] = set()
        self._caught_up_at: dict[str, datetime] = {}
        self.committed: dict[TopicPartition, int] = {}
        """The next offset of each assigned partition on which this consumer has committed."""

    def count_applied(self, records: Sequence[Incoming]) -> None:
        """Counts the records of an applied batch."""
        now = datetime.now(UTC)
        for topic, count in Counter(record.topic for record in records).items():
            self._metrics.consumed.labels(topic).inc(count)
        # One sample per topic and batch, the last record: parsing every header would cost more than the batch itself.
        for topic, newest in {record.topic: record for record in records}.items():
            recorded_at = recorded_at_of(newest.headers)
            if recorded_at is not None:
                self._applied_at[topic] = recorded_at
                self._metrics.end_to_end_seconds.labels(topic).observe(max(0.0, (now - recorded_at).total_seconds()))

    async def observe(self, client: AIOKafkaConsumer) -> tuple[bool, dict[TopicPartition, int]]:
        """Sets the lag metrics. Returns whether records wait, and the committed positions of the assigned partitions."""
        positions: dict[TopicPartition, int] = {}
        unread: dict[TopicPartition, int] = {}
        assigned = client.assignment()
        # Another member's commits are unknown here: forget the positions of revoked partitions.
        self.committed = {tp: offset for tp, offset in self.committed.items() if tp in assigned}
        for tp in assigned:
            try:
                async with asyncio.timeout(POSITION_SECONDS_MAX):
                    # before our first commit on it, the fetch position is the best estimate
                    positions[tp] = self.committed[tp] if tp in self.committed else await client.position(tp)
            except (TimeoutError, KafkaError):
                continue
            end = client.highwater(tp)
            if end is not None:
                unread[tp] = max(0, end - positions[tp])
        if assigned != self._assigned:  # what a new partition holds may be older
            self._assigned, self._caught_up_at = assigned, {}
        now = datetime.now(UTC)
        for topic in self._topics:
            lag = sum(count for tp, count in unread.items() if tp.topic == topic)
            if lag == 0 and all(tp in unread for tp in assigned if tp.topic == topic):
                self._caught_up_at[topic] = now
            self._metrics.consumer_lag.labels(topic).set(lag)
            self._metrics.consumer_lag_seconds.labels(topic).set(self._lag_seconds(topic, now) if lag else 0)
        return any(unread.values()), positions

    def _lag_seconds(self, topic: str, now: datetime) -> float:
        # After an idle hour the last applied record is an hour old, but what waits now came after nothing waited.
        known = [found[topic] for found in (self._applied_at, self._caught_up_at) if topic in found]
        return max(0.0, (now - max(known, default=now)).total_seconds())
