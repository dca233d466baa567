"""What the services need from a broker: topics, order per key, groups that commit and share."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.fixtures.stores.backends import Kafka

__all__ = ["make_topic", "produce"]

REBALANCE_SECONDS_MAX = 30.0  # it takes 5 s and a heartbeat


async def make_topic(bootstrap: str, partitions: int, name: str | None = None) -> str:
    name = name or f"test-{uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        topic = NewTopic(
            name, partitions, 1, topic_configs={"cleanup.policy": "compact", "min.compaction.lag.ms": "1000"}
        )
        answer = await admin.create_topics([topic])
        assert [error[1] for error in answer.topic_errors] == [0]
        async with asyncio.timeout(20):  # the controller knows the topic before the broker does
            while name not in await admin.list_topics():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        await admin.close()
    return name


async def produce(bootstrap: str, topic: str, first: int, last: int) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for number in range(first, last):
            await producer.send_and_wait(topic, str(number).encode(), key=f"key-{number % 8}".encode())


def _member(bootstrap: str, topic: str, group: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=10,
        heartbeat_interval_ms=300,
    )


async def _read(consumer: AIOKafkaConsumer, count: int, seconds: float = 20.0) -> list[tuple[bytes, int]]:
    """At least `count` records as (key, number), or fewer if the time ends."""
    records: list[tuple[bytes, int]] = []
    deadline = time.monotonic() + seconds
    while len(records) < count and time.monotonic() < deadline:
        for batch in (await consumer.getmany(timeout_ms=100)).values():
            records += [(record.key, int(record.value)) for record in batch]
    return records


async def _until_shared(members: list[AIOKafkaConsumer], partitions: int) -> None:
    """Polls until the members have separate, non-empty shares that cover the whole topic."""
    deadline = time.monotonic() + REBALANCE_SECONDS_MAX
    while time.monotonic() < deadline:
        for member in members:
            await member.getmany(timeout_ms=20)
        shares: list[set[TopicPartition]] = [set(member.assignment()) for member in members]
        if all(shares) and sum(map(len, shares)) == partitions == len(set().union(*shares)):
            return
    raise AssertionError(f"no fair share within {REBALANCE_SECONDS_MAX} s")


async def test_a_group_resumes_after_what_it_committed(kafka: Kafka) -> None:
    topic, group = await make_topic(kafka.bootstrap_servers, 4), uuid4().hex
    await produce(kafka.bootstrap_servers, topic, 0, 40)
    async with _member(kafka.bootstrap_servers, topic, group) as first:
        records = await _read(first, 40)
        assert sorted(number for _, number in records) == list(range(40))
        for key in {key for key, _ in records}:
            numbers = [number for of_key, number in records if of_key == key]
            assert numbers == sorted(numbers)
        await first.commit()

    await produce(kafka.bootstrap_servers, topic, 40, 50)
    async with _member(kafka.bootstrap_servers, topic, group) as second:
        assert sorted(number for _, number in await _read(second, 10)) == list(range(40, 50))


async def test_two_members_share_and_the_one_that_stays_takes_over(kafka: Kafka) -> None:
    topic, group = await make_topic(kafka.bootstrap_servers, 4), uuid4().hex
    async with _member(kafka.bootstrap_servers, topic, group) as stays:
        leaves = _member(kafka.bootstrap_servers, topic, group)
        joining = asyncio.create_task(leaves.start())
        while not joining.done():  # the other member must poll, or the rebalance cannot end
            await stays.getmany(timeout_ms=20)
        await joining
        await _until_shared([stays, leaves], 4)
        await leaves.stop()
        await _until_shared([stays], 4)
        await produce(kafka.bootstrap_servers, topic, 0, 20)
        assert sorted(number for _, number in await _read(stays, 20)) == list(range(20))
