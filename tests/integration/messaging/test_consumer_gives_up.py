"""A consumer that stops before the end of a batch commits no offset of it, nor a later one: a restart reads it again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from sqlalchemy import text

from embedded.broker import EmbeddedBroker
from embedded.postgres import EmbeddedPostgres
from shared.contracts.topics import ATTENDANCE_DAY
from shared.kafka_admin.provision import provision, read_topics
from shared.messaging.consuming.poison_limit import BATCH_UNUSABLE_MIN
from shared.service.runtime import Runtime
from tests.fixtures.faults.raw_batches import send_with_bad_names
from tests.fixtures.logs import captured_logs
from tests.fixtures.records import day, incoming
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.backends import kafka_settings
from tests.fixtures.stores.postgres import migrated_database
from tests.fixtures.waiting import until

pytestmark = pytest.mark.embedded

PLACE = TopicPartition(ATTENDANCE_DAY.name, 3)
FULL_DISK, CORRUPT = "53100", "XX001"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    own = EmbeddedBroker(tmp_path / "broker.log")
    own.start()
    yield own
    own.stop()


@asynccontextmanager
async def scoring(postgres: EmbeddedPostgres, broker: EmbeddedBroker, url: str) -> AsyncIterator[Running]:
    # the embedded broker lets the first member wait for half of the session timeout
    changes = {"database_url": url, "tasks": True, "kafka_session_timeout_ms": 3_000} | kafka_settings(broker)
    async with running_service("scoring", postgres, **changes) as service:
        yield service


async def execute(service: Running, *statements: str) -> None:
    async with service.context.database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))


async def refuse_writes(service: Running, table: str, sqlstate: str) -> None:
    """From now on the store refuses each new row of the table."""
    await execute(
        service,
        "create function refuse() returns trigger language plpgsql as"
        f" $$begin raise exception 'refused by the test' using errcode = '{sqlstate}'; end$$",
        f"create trigger refused before insert on {table} execute function refuse()",
    )


async def accept_writes(service: Running) -> None:
    await execute(service, "drop function refuse cascade")


async def applied(service: Running, officer: UUID) -> bool:
    query = text("select exists (select from day_fact where employee_id = :officer)")
    async with service.context.database.transaction() as session:
        return bool((await session.execute(query, {"officer": officer})).scalar_one())


async def send_day(broker: EmbeddedBroker, officer: UUID) -> int:
    """Sends a day of the officer; returns its offset."""
    record = incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 3)))
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers) as producer:
        sent = await producer.send_and_wait(
            PLACE.topic, record.value, key=b"key", headers=list(record.headers), partition=PLACE.partition
        )
    return int(sent.offset)


async def send_unusable(broker: EmbeddedBroker, count: int) -> int:
    """Sends so many unusable records as one batch; returns the offset of the first."""
    return await send_with_bad_names(broker.bootstrap_servers, PLACE, [(b"{}", [("n", b"v")], True)] * count)


async def committed(broker: EmbeddedBroker) -> int | None:
    async with AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers, group_id="kinerja-scoring", enable_auto_commit=False
    ) as consumer:
        offset: int | None = await consumer.committed(PLACE)
        return offset


async def test_a_stop_while_the_store_is_away_loses_no_record(
    embedded_postgres: EmbeddedPostgres, broker: EmbeddedBroker
) -> None:
    await provision(broker.bootstrap_servers, read_topics(replication_factor=1))
    url = await migrated_database(embedded_postgres, "scoring")
    before, waiting = uuid4(), uuid4()
    async with scoring(embedded_postgres, broker, url) as service:
        await send_day(broker, before)
        await until(lambda: applied(service, before))
        await refuse_writes(service, "day_fact", FULL_DISK)
        offset = await send_day(broker, waiting)
        await until(lambda: service.metric("kinerja_batch_retries_total") != 0)
    assert await committed(broker) == offset
    async with scoring(embedded_postgres, broker, url) as service:
        await accept_writes(service)
        await until(lambda: applied(service, waiting))


@pytest.mark.parametrize(
    ("unusable", "logged"),
    [
        pytest.param(BATCH_UNUSABLE_MIN, "consumer_stopped", id="too many cannot be used"),
        pytest.param(1, "batch_failed", id="one can be neither used nor parked"),
    ],
)
async def test_no_later_record_passes_a_batch_at_which_the_consumer_stopped(
    embedded_postgres: EmbeddedPostgres, broker: EmbeddedBroker, unusable: int, logged: str
) -> None:
    await provision(broker.bootstrap_servers, read_topics(replication_factor=1))
    url = await migrated_database(embedded_postgres, "scoring")
    before, later = uuid4(), uuid4()
    async with scoring(embedded_postgres, broker, url) as service:
        runtime = service.app.part(Runtime)
        ended: asyncio.Queue[str] = asyncio.Queue()
        runtime.on_failure = ended.put_nowait
        await send_day(broker, before)
        await until(lambda: applied(service, before))
        if unusable == 1:
            await refuse_writes(service, "parked_record", CORRUPT)
        with captured_logs() as log:
            first = await send_unusable(broker, unusable)
            await until(lambda: logged in log.getvalue())
            await send_day(broker, later)
            await until(lambda: not runtime.consumer.assigned or not ended.empty())
        assert not await applied(service, later)
    assert await committed(broker) == first
