"""A record that is too large to be published again is parked whole; dead letters and scores of others continue."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from datetime import date
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.base.clock import SystemClock
from shared.contracts.topics import ATTENDANCE_DAY, DEAD_LETTER, EMPLOYEE, SCORE
from shared.kafka_admin.provision import provision, read_topics
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import LETTER_BYTES_MAX, Incoming
from tests.fixtures.outbox import until_empty
from tests.fixtures.records import day, employee, incoming
from tests.fixtures.services import running_service
from tests.fixtures.stores.backends import Kafka, Postgres, kafka_settings

LARGE = b'{"padding": "' + b"x" * 3_145_728 + b'"}'
ARRIVAL_SECONDS_MAX = 60


async def first(kafka: Kafka, topic: str) -> ConsumerRecord[bytes, bytes]:
    """The topic's first record, read by a consumer with default limits."""
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest"
    ) as reader:
        async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
            return await reader.getone()


@pytest.mark.timeout(300)
async def test_scores_go_on_and_the_record_can_be_had_whole(postgres: Postgres, own_kafka: Kafka) -> None:
    await provision(own_kafka.bootstrap_servers, read_topics())
    officer = uuid4()
    async with AIOKafkaProducer(
        bootstrap_servers=own_kafka.bootstrap_servers, compression_type="lz4", max_request_size=10_000_000
    ) as stranger:
        await stranger.send_and_wait(EMPLOYEE.name, LARGE, key=b"a", headers=[("ce_type", EMPLOYEE.name.encode())])
    changes = {"tasks": True} | kafka_settings(own_kafka)
    async with running_service("scoring", postgres, clock=SystemClock(), **changes) as service:
        await service.app.part(ScoreUpkeep).round()
        letter = orjson.loads((await first(own_kafka, DEAD_LETTER.name)).value or b"")
        assert (letter["value"], letter["value_bytes"], letter["key"]) == (None, len(LARGE), "YQ==")
        async with AIOKafkaProducer(bootstrap_servers=own_kafka.bootstrap_servers) as attendance:
            for record in (
                incoming(EMPLOYEE, employee(officer)),
                incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 3))),
            ):
                await attendance.send_and_wait(
                    record.topic, record.value, key=record.key, headers=[(n, v or b"") for n, v in record.headers]
                )
        assert orjson.loads((await first(own_kafka, SCORE.name)).value or b"")["employee_id"] == str(officer)
        await until_empty(service)

        whole = (await service.http.get(letter["whole_at"])).json()
        assert base64.b64decode(whole["value_base64"]) == LARGE
        release = await service.http.post(f"{letter['whole_at']}/release")
        assert release.status_code == 409, "it went through the handler, which still cannot use it"
        assert "still cannot be used" in release.json()["detail"]


async def test_headers_of_any_number_and_name_are_kept_and_released_whole(embedded_postgres: EmbeddedPostgres) -> None:
    """A header's name has a NUL, or is longer than a detail may be; a dead letter cannot hold so many headers."""
    headers = [("a\x00b", b"\x00\xff"), ("n" * 5_000, None), *[(f"h{n}", b"v") for n in range(20_000)]]
    usable = replace(incoming(EMPLOYEE, employee(uuid4())), offset=77)
    record = Incoming(usable.topic, 0, 77, usable.key, usable.value, [*usable.headers, *headers])
    async with running_service("scoring", embedded_postgres) as service:
        async with service.context.database.transaction() as session:
            await service.context.dead_letters.park(session, [Parked(record, "NOT_VALID", "no words")])
        async with service.context.database.transaction() as session:
            query = text("select value from outbox where topic = :topic")
            value: bytes = (await session.execute(query, {"topic": DEAD_LETTER.name})).scalar_one()
        letter = orjson.loads(value)
        assert len(value) < LETTER_BYTES_MAX
        assert (letter["headers"], letter["header_count"]) == ([], len(record.headers))
        whole = (await service.http.get(letter["whole_at"])).json()
        there = [(name, None if v is None else base64.b64decode(v)) for name, v in whole["headers"]]
        assert there == list(record.headers)
        assert base64.b64decode(whole["value_base64"]) == record.value
        assert (await service.http.post(f"{letter['whole_at']}/release")).status_code == 200
        async with service.context.database.transaction() as session:
            assert (await session.execute(text("select count(*) from employee"))).scalar_one() == 1
