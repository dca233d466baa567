"""A consumer without progress ends its process; a consumer with a slow batch continues."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy import text

from shared.contracts.topics import ATTENDANCE_DAY
from shared.kafka_admin.provision import provision, read_topics
from shared.messaging.consuming import consumer
from shared.messaging.consuming.batch_work import BatchWork
from shared.messaging.consuming.incoming import Incoming
from shared.service.runtime import Runtime
from tests.fixtures.records import day, incoming
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.backends import Kafka, Postgres, kafka_settings
from tests.fixtures.waiting import WAIT_SECONDS, until

STALL_SECONDS = 3.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "WATCH_SECONDS", 0.2)
    monkeypatch.setattr(consumer, "STALL_SECONDS", STALL_SECONDS)


async def has_facts(service: Running, count: int) -> bool:
    async with service.context.database.transaction() as session:
        return bool((await session.execute(text("select count(*) from day_fact"))).scalar_one() == count)


async def send(kafka: Kafka) -> None:
    record = incoming(ATTENDANCE_DAY, day(uuid4(), date(2026, 8, 3)))
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer:
        await producer.send_and_wait(ATTENDANCE_DAY.name, record.value, key=b"key", headers=list(record.headers))


async def test_a_slow_batch_is_no_stall(postgres: Postgres, own_kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    await provision(own_kafka.bootstrap_servers, read_topics(replication_factor=1))
    whole = BatchWork.apply

    async def slowly(self: BatchWork, records: Sequence[Incoming]) -> None:
        await asyncio.sleep(STALL_SECONDS * 2)
        await whole(self, records)

    async with running_service("scoring", postgres, tasks=True, **kafka_settings(own_kafka)) as service:
        await send(own_kafka)
        await until(lambda: has_facts(service, 1))
        with monkeypatch.context() as patch:
            patch.setattr(BatchWork, "apply", slowly)
            await send(own_kafka)
            await until(lambda: has_facts(service, 2))
        await send(own_kafka)
        # it still runs: an ended consumer would also have finished its batch
        await until(lambda: has_facts(service, 3))


async def test_records_that_wait_without_a_batch_end_the_consumer(
    postgres: Postgres, own_kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    await provision(own_kafka.bootstrap_servers, read_topics(replication_factor=1))

    stuck = asyncio.Event()

    async def nothing(*_: Any, **__: Any) -> dict[Any, Any]:
        stuck.set()
        await asyncio.sleep(0.05)
        return {}

    async with running_service("scoring", postgres, tasks=True, **kafka_settings(own_kafka)) as service:
        await send(own_kafka)
        await until(lambda: has_facts(service, 1))
        ended: asyncio.Queue[str] = asyncio.Queue()
        service.app.part(Runtime).on_failure = ended.put_nowait
        monkeypatch.setattr(AIOKafkaConsumer, "getmany", nothing)  # like the client's known stalls in long runs
        await asyncio.wait_for(stuck.wait(), WAIT_SECONDS)  # until then the last real poll may return new records
        await send(own_kafka)
        assert await asyncio.wait_for(ended.get(), WAIT_SECONDS) == "scoring.consumer"
