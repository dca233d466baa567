"""Replicas of a consumer: a surplus one without partitions is ready, and takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from shared.messaging.consuming.consumer import BatchConsumer
from shared.observability.metrics import Metrics
from tests.fixtures.services import settings_for
from tests.fixtures.stores.backends import Kafka, kafka_settings, remove_topics
from tests.fixtures.stores.containers import KafkaInContainer
from tests.fixtures.waiting import until
from tests.integration.messaging.test_broker import make_topic

REPLICAS = 3


def replica(kafka: Kafka, topic: str) -> BatchConsumer:
    settings = settings_for("scoring", "postgresql+asyncpg://u@h/d", **kafka_settings(kafka))
    no_records: Any = None  # nothing is sent: neither store nor handler is used
    metrics = Metrics("scoring")
    return BatchConsumer(settings, no_records, no_records, metrics, no_records, service=f"test-{topic}", topics=[topic])


@asynccontextmanager
async def running(consumer: BatchConsumer) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(consumer.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def partitions_of(consumer: BatchConsumer) -> set[TopicPartition]:
    (subscriber,) = consumer.broker.subscribers
    client = subscriber.consumer  # type: ignore[attr-defined]
    return set() if client is None else set(client.assignment())


async def test_a_surplus_replica_is_ready_and_takes_over(kafka: Kafka) -> None:
    topic = await make_topic(kafka.bootstrap_servers, 1)
    members = [replica(kafka, topic) for _ in range(REPLICAS)]
    assert not any(member.assigned for member in members)
    async with running(members[0]) as first, running(members[1]), running(members[2]):
        await until(lambda: all(member.assigned for member in members))
        assert sorted(len(partitions_of(member)) for member in members) == [0, 0, 1]

        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        rest = members[1:]
        await until(lambda: sorted(len(partitions_of(member)) for member in rest) == [0, 1])
        assert [member.assigned for member in members] == [False, True, True]


@pytest.mark.containers
async def test_while_a_topic_does_not_exist_no_replica_is_ready(kafka_container: KafkaInContainer) -> None:
    """The embedded broker would create it."""
    bootstrap, topic = kafka_container.bootstrap_servers, f"test-{uuid4().hex}"
    member = replica(kafka_container, topic)
    async with running(member):
        await asyncio.sleep(1)
        assert not member.assigned
        await make_topic(bootstrap, 1, topic)
        await until(lambda: member.assigned)
        await remove_topics(bootstrap, {topic})
        await until(lambda: not member.assigned)
