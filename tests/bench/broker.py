"""Creates the topics of a run and sends records to them."""

from __future__ import annotations

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.kafka_admin.provision import provision, read_topics
from shared.messaging.kafka import client_security
from shared.settings.settings import KafkaSettings
from tests.bench.data import Message

__all__ = ["PARTITIONS", "client_options", "prepare", "send"]

PARTITIONS = 12


def client_options(bootstrap_servers: str | None = None) -> dict[str, Any]:
    """Client options for this address, or for the environment's address and, if set, its login."""
    settings = KafkaSettings()
    address = bootstrap_servers or settings.kafka_bootstrap_servers
    return {"bootstrap_servers": address, **client_security(settings)}


async def prepare(bootstrap_servers: str) -> None:
    """Creates the topics. Raises RuntimeError where they hold records already: those would count as ours."""
    await provision(bootstrap_servers, read_topics())
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    await consumer.start()
    try:
        partitions = [
            TopicPartition(topic, number)
            for topic in ("asn.employee.v1", "asn.attendance-day.v1", "asn.feedback.v1")
            for number in range(PARTITIONS)
        ]
        if any((await consumer.end_offsets(partitions)).values()):
            raise RuntimeError(
                f"the topics of {bootstrap_servers} are not empty: use a broker of its own for the bench"
            )
    finally:
        await consumer.stop()


async def send(bootstrap_servers: str | None, messages: Sequence[Message]) -> None:
    """Sends the messages in order, in batches of up to 256 KiB; a hash of the key chooses the partition."""
    lanes: dict[TopicPartition, list[Message]] = defaultdict(list)
    for message in messages:
        lanes[TopicPartition(message[0], zlib.crc32(message[1]) % PARTITIONS)].append(message)
    producer = AIOKafkaProducer(
        acks="all", max_batch_size=262_144, compression_type="lz4", **client_options(bootstrap_servers)
    )
    await producer.start()
    try:
        pending = []
        for place, lane in lanes.items():
            batch = producer.create_batch()
            for _, key, value, headers in lane:
                if batch.append(key=key, value=value, headers=headers, timestamp=None) is None:
                    pending.append(await producer.send_batch(batch, place.topic, partition=place.partition))
                    batch = producer.create_batch()
                    batch.append(key=key, value=value, headers=headers, timestamp=None)
            pending.append(await producer.send_batch(batch, place.topic, partition=place.partition))
        await asyncio.gather(*pending)
    finally:
        await producer.stop()
