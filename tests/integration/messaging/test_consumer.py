"""The batch consumer, real broker and database: it parks unusable records, applies the others, commits offsets last."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.topics import ATTENDANCE_DAY
from shared.kafka_admin.provision import provision, read_topics
from shared.messaging.consuming.consumer import BatchConsumer
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import Incoming
from shared.observability.tracing import current_trace_id
from tests.fixtures.faults.raw_batches import BAD_NAME, send_with_bad_names
from tests.fixtures.records import day, incoming
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.backends import Kafka, Postgres, kafka_settings
from tests.fixtures.stores.postgres import fresh_database
from tests.fixtures.waiting import until

pytestmark = pytest.mark.asyncio


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

        await until(applied)
        parked = await _rows(service, "select partition, position from parked_record order by 1, 2")
        assert set(bad) <= set(parked)
        assert not set(good) & set(parked)
        assert await _rows(service, facts) == [(date(2026, 8, 3),), (date(2026, 8, 4),)]
    assert await _committed(bootstrap, good[-1][0]) == good[-1][1] + 1

    later = await _send(bootstrap, [orjson.dumps(day(officer, date(2026, 8, 5)))])
    changes["kafka_bootstrap_servers"] = f"127.0.0.1:9,{bootstrap}"  # one broker of the cluster is down
    async with running_service("scoring", postgres, **changes) as service:

        async def resumed() -> bool:
            return len(await _rows(service, facts)) == 3

        await until(resumed)
        assert await _rows(service, "select partition, position from parked_record order by 1, 2") == parked
    assert await _committed(bootstrap, later[-1][0]) == later[-1][1] + 1


async def test_a_record_is_applied_in_the_trace_that_it_carries(postgres: Postgres, kafka: Kafka) -> None:
    await provision(kafka.bootstrap_servers, read_topics(replication_factor=1))
    officer, trace = uuid4(), uuid4().hex
    found: list[str | None] = []

    async def handler(_: AsyncSession, records: Sequence[Incoming]) -> list[Parked]:
        if any(str(officer).encode() in (record.value or b"") for record in records):
            found.append(current_trace_id())
        return []

    async with running_service("scoring", postgres, **kafka_settings(kafka)) as service:
        c = service.context
        parts = (c.settings, c.database, c.dead_letters, c.metrics, handler)
        consuming = asyncio.create_task(BatchConsumer(*parts, service="traces", topics=[ATTENDANCE_DAY.name]).run())
        record = incoming(ATTENDANCE_DAY, day(officer, date(2026, 10, 1)))
        headers = [*record.headers, ("traceparent", f"00-{trace}-{'b' * 16}-01".encode())]
        async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer:
            for sent in range(2):
                await asyncio.sleep(1.0 if sent else 0.0)  # not in one batch with records of other tests
                await producer.send_and_wait(ATTENDANCE_DAY.name, record.value, key=b"traces", headers=headers)
        await until(lambda: trace in found)
        assert trace in found
        assert not consuming.done()
        consuming.cancel()
        await asyncio.wait([consuming])


async def test_what_the_client_cannot_parse_is_stepped_over(postgres: Postgres, kafka: Kafka) -> None:
    """A header's name is not UTF-8: the record is parked, others in its batch and other partitions are applied."""
    bootstrap = kafka.bootstrap_servers
    await provision(bootstrap, read_topics(replication_factor=1))
    officer = uuid4()
    good = incoming(ATTENDANCE_DAY, day(officer, date(2026, 9, 1)))
    after = incoming(ATTENDANCE_DAY, day(officer, date(2026, 9, 2)))
    batch = [(good.value, good.headers, True), (good.value, good.headers, False), (after.value, after.headers, True)]
    place = TopicPartition(ATTENDANCE_DAY.name, 7)
    others = {uuid4(): partition for partition in range(12)}
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for other, partition in others.items():
            record = incoming(ATTENDANCE_DAY, day(other, date(2026, 9, 1)))
            await producer.send_and_wait(
                place.topic, record.value, key=b"k", headers=list(record.headers), partition=partition
            )
    first = await send_with_bad_names(bootstrap, place, batch)

    url = await fresh_database(postgres)
    changes: dict[str, Any] = {"database_url": url, "tasks": True} | kafka_settings(kafka)
    async with running_service("scoring", postgres, **changes) as service:
        seen = f"select work_date from day_fact where employee_id = '{officer}' order by work_date"
        everyone = "select count(distinct employee_id) from day_fact where employee_id = any(array[{}]::uuid[])"
        known = everyone.format(", ".join(f"'{other}'" for other in others))

        async def applied() -> bool:
            return len(await _rows(service, seen)) == 2 and await _rows(service, known) == [(12,)]

        await until(applied)
        parked = await _rows(service, "select partition, position, reason, detail, value from parked_record")
        ((partition, position, reason, detail, value),) = [row for row in parked if row[2] == "UNPARSABLE"]
        assert (partition, position) == (7, first + 1)
        assert reason == "UNPARSABLE"
        assert detail
        assert BAD_NAME in value
        assert good.value is not None
        assert good.value in value
    assert await _committed(bootstrap, 7) == first + 3


async def test_a_consumer_that_can_use_nothing_stops(postgres: Postgres, kafka: Kafka) -> None:
    """It parks no record, reports this and keeps the pages up; an operator allows parking or fixes the service."""
    bootstrap = kafka.bootstrap_servers
    await provision(bootstrap, read_topics(replication_factor=1))
    place = TopicPartition(ATTENDANCE_DAY.name, 3)
    url = await fresh_database(postgres)
    changes: dict[str, Any] = {"database_url": url, "tasks": True} | kafka_settings(kafka)
    async with running_service("scoring", postgres, **changes | {"unusable_records_per_minute": 0}) as service:

        async def read() -> bool:  # earlier tests left records on the topic
            return await _committed(bootstrap, place.partition) is not None

        await _send(bootstrap, [day(uuid4(), date(2026, 9, 3))])
        await until(read)
    before = await _committed(bootstrap, place.partition) or 0
    counted = "select count(*) from parked_record where partition = 3 and position >= {}"
    first = await send_with_bad_names(bootstrap, place, [(b"{}", [("n", b"v")], True)] * 200)
    async with running_service("scoring", postgres, **changes) as service:

        async def stopped() -> bool:
            return (await service.http.get("/scores/health/ready")).text.startswith("consumer stopped: ")

        await until(stopped)
        answer = await service.http.get("/scores/health/ready")
        assert answer.status_code == 503
        assert f"{place.topic}/3/" in answer.text
        assert "records of a batch cannot be used" in answer.text
        assert (await service.http.get("/scores/health/live")).status_code == 200
        assert "kinerja_consumer_halted 1.0" in (await service.http.get("/scores/metrics")).text
        assert await _rows(service, counted.format(first)) == [(0,)]
    assert await _committed(bootstrap, place.partition) == before
    async with running_service("scoring", postgres, **changes | {"unusable_records_per_minute": 0}) as service:

        async def parked() -> bool:
            return await _rows(service, counted.format(first)) == [(200,)]

        await until(parked)


async def test_what_is_huge_when_unpacked_is_kept_packed(postgres: Postgres, own_kafka: Kafka) -> None:
    bootstrap = own_kafka.bootstrap_servers
    await provision(bootstrap, read_topics(replication_factor=1))
    officer, place = uuid4(), TopicPartition(ATTENDANCE_DAY.name, 5)
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, compression_type="zstd", max_request_size=100_000_000
    ) as stranger:
        huge = await stranger.send_and_wait(place.topic, b" " * 60_000_000, partition=place.partition)
        record = incoming(ATTENDANCE_DAY, day(officer, date(2026, 9, 1)))
        await stranger.send_and_wait(
            place.topic, record.value, key=b"k", headers=list(record.headers), partition=place.partition
        )
    async with running_service("scoring", postgres, tasks=True, **kafka_settings(own_kafka)) as service:

        async def applied() -> bool:
            return len(await _rows(service, f"select 1 from day_fact where employee_id = '{officer}'")) == 1

        await until(applied)
        ((offset, reason, size),) = await _rows(
            service, "select position, reason, octet_length(value) from parked_record where reason = 'UNPARSABLE'"
        )
        assert (offset, reason) == (huge.offset, "UNPARSABLE")
        assert size < 100_000
