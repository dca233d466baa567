"""The batch consumer on a real broker and database: what cannot be used is parked, the rest applied, offsets at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from sqlalchemy import text

from shared.contracts.topics import ATTENDANCE_DAY
from shared.provision import provision, read_topics
from tests.fixtures.backends import Kafka, Postgres, kafka_settings
from tests.fixtures.postgres import fresh_database
from tests.fixtures.records import day, incoming
from tests.fixtures.services import Running, running_service

pytestmark = pytest.mark.asyncio
WAIT_SECONDS = 40


async def _until(met: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not await met():  # noqa: ASYNC110 - another process commits; nothing to wait on
            await asyncio.sleep(0.1)


async def _rows(service: Running, query: str) -> list[Any]:
    async with service.context.database.transaction() as session:
        return [tuple(row) for row in (await session.execute(text(query))).all()]


async def _send(bootstrap: str, values: list[Any], **headers: bytes) -> list[tuple[int, int]]:
    places = []
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for value in values:
            record = incoming(ATTENDANCE_DAY, value)
            kept = [(name, headers.get(name, content)) for name, content in record.headers]
            sent = await producer.send_and_wait(ATTENDANCE_DAY.name, record.value, key=b"key", headers=kept)
            places.append((sent.partition, sent.offset))
    finally:
        await producer.stop()
    return places


async def _committed(bootstrap: str, partition: int) -> int | None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id="kinerja-scoring", enable_auto_commit=False)
    await consumer.start()
    try:
        offset: int | None = await consumer.committed(TopicPartition(ATTENDANCE_DAY.name, partition))
        return offset
    finally:
        await consumer.stop()


async def test_the_bad_are_parked_and_a_restart_goes_on(postgres: Postgres, kafka: Kafka) -> None:
    bootstrap = kafka.bootstrap_servers
    await provision(bootstrap, read_topics(replication_factor=1))
    officer = uuid4()
    url = await fresh_database(postgres)
    changes: dict[str, Any] = {"database_url": url, "tasks": True} | kafka_settings(kafka)
    facts = f"select work_date from day_fact where employee_id = '{officer}' order by work_date"

    good = await _send(bootstrap, [day(officer, date(2026, 8, 3))])
    bad = await _send(bootstrap, [b"{not json", None])
    bad += await _send(bootstrap, [day(officer, date(2026, 8, 9))], ce_type=b"\xff\xfe")
    good += await _send(bootstrap, [day(officer, date(2026, 8, 4))])
    async with running_service("scoring", postgres, **changes) as service:

        async def applied() -> bool:
            return len(await _rows(service, facts)) >= 2

        await _until(applied)
        parked = await _rows(service, "select partition, position from parked_record order by 1, 2")
        assert set(bad) <= set(parked)
        assert not set(good) & set(parked)
        assert await _rows(service, facts) == [(date(2026, 8, 3),), (date(2026, 8, 4),)]
    assert await _committed(bootstrap, good[-1][0]) == good[-1][1] + 1

    later = await _send(bootstrap, [orjson.dumps(day(officer, date(2026, 8, 5)))])
    changes["kafka_bootstrap_servers"] = f"127.0.0.1:9,{bootstrap}"  # of a cluster's brokers one is away
    async with running_service("scoring", postgres, **changes) as service:

        async def resumed() -> bool:
            return len(await _rows(service, facts)) == 3

        await _until(resumed)
        assert await _rows(service, "select partition, position from parked_record order by 1, 2") == parked
    assert await _committed(bootstrap, later[-1][0]) == later[-1][1] + 1
