"""The broker goes down and comes back: intake answers all the time, and every event arrives afterwards, in order."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from aiokafka import AIOKafkaConsumer

from shared.base.clock import SystemClock
from shared.contracts.topics import EMPLOYEE
from shared.kafka_admin.provision import provision, read_topics
from shared.messaging.producing import relay
from tests.fixtures.outbox import hold_lanes, outbox_rows, until_empty
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.backends import Kafka, Postgres, kafka_settings
from tests.integration.attendance.city import HEADER, City, person

pytestmark = pytest.mark.timeout(400)

CHANGES = 5
ARRIVAL_SECONDS_MAX = 60


async def until_ready_is(service: Running, status: int) -> None:
    async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
        while (await service.http.get("/attendance/health/ready")).status_code != status:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def revisions(bootstrap: str, last: int) -> list[int]:
    """The officer's revisions in log order, up to the last."""
    found: list[int] = []
    async with AIOKafkaConsumer(
        EMPLOYEE.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest", fetch_max_wait_ms=10
    ) as consumer:
        async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
            while last not in found:
                found.append(orjson.loads((await consumer.getone()).value)["revision"])
    return found


async def test_a_service_with_nothing_to_send_says_so_too(
    postgres: Postgres, own_kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "ASK_SECONDS", 1.0)
    await provision(own_kafka.bootstrap_servers, read_topics())
    changes = {"tasks": True} | kafka_settings(own_kafka)
    async with running_service("attendance", postgres, clock=SystemClock(), **changes) as service:
        await until_ready_is(service, 200)
        await asyncio.to_thread(own_kafka.stop)
        await until_ready_is(service, 503)
        assert await outbox_rows(service) == 0
        await asyncio.to_thread(own_kafka.start)
        await until_ready_is(service, 200)


async def test_intake_goes_on_and_the_events_follow(postgres: Postgres, own_kafka: Kafka) -> None:
    await provision(own_kafka.bootstrap_servers, read_topics())
    today = datetime.now(UTC).date()
    changes = {"tasks": True, "first_work_date": today - timedelta(days=2)} | kafka_settings(own_kafka)
    async with running_service("attendance", postgres, clock=SystemClock(), **changes) as service:
        assert (await service.http.post("/attendance/v1/roster", content=HEADER + person())).is_success
        await until_empty(service)
        await asyncio.to_thread(own_kafka.stop)
        for number in range(1, CHANGES):
            lines = HEADER + person(name=f"Contoh Pegawai {number}")
            answer = await service.http.post("/attendance/v1/roster", content=lines)
            assert answer.is_success, answer.text
        await City(service, None).machine()
        line = f"1\t{today} 07:31:00\t255\t1\n".encode()
        post = {"SN": "M1", "table": "ATTLOG"}
        answer = await service.http.post("/iclock/cdata", params=post, content=line)
        assert answer.text.startswith("OK: ")
        # the relay gives up a round after its deadline, and must not lose anything then
        await until_ready_is(service, 503)
        assert "relay" in (await service.http.get("/attendance/health/ready")).text
        assert await outbox_rows(service) >= CHANGES - 1
        async with service.context.database.transaction() as session:
            # The embedded broker lost its topics; it would create those that the relay asks for with its own default settings.
            await hold_lanes(session)
            await asyncio.to_thread(own_kafka.start)
            await provision(own_kafka.bootstrap_servers, read_topics())
        await until_empty(service)
        found = list(dict.fromkeys(await revisions(own_kafka.bootstrap_servers, CHANGES)))
        # Apache Kafka's log still has what was sent before; the embedded broker lost it with all else
        assert found[-(CHANGES - 1) :] == list(range(2, CHANGES + 1))
        await until_ready_is(service, 200)
