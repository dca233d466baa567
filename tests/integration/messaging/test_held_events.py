"""An event that cannot be published blocks only the events behind it, until it is fixed or dropped."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy import text
from typer.testing import CliRunner

from cli.kafka import outbox
from cli.main import app
from cli.output import city_time
from embedded.postgres import EmbeddedPostgres
from shared.base.clock import SystemClock
from shared.base.ids import new_id
from shared.kafka_admin.provision import TopicSpec, provision, read_topics
from shared.messaging.producing import relay
from shared.messaging.producing.outbox import lane_of
from shared.service.runtime import Runtime
from tests.fixtures.documents.commands import client_of
from tests.fixtures.logs import captured_logs
from tests.fixtures.outbox import outbox_rows, until_empty
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.backends import Kafka, Postgres, kafka_settings
from tests.fixtures.stores.containers import KafkaInContainer

TOPIC, OTHER = "asn.employee.v1", "asn.attendance-day.v1"
LARGE = b"x" * 1_200_000
ARRIVAL_SECONDS_MAX = 60
WHY = "Made by a release that wrote too much; the officer's next change is published."
NO_RELAY = {"tasks": False}


def keys_of_one_lane(count: int) -> list[bytes]:
    found = [key for number in range(200) if lane_of(key := str(number).encode()) == 0]
    return found[:count]


async def put(service: Running, *events: tuple[bytes, bytes], topic: str = TOPIC, headers: bytes = b"[]") -> None:
    """Adds outbox rows with these keys and values, in this order."""
    insert = text(
        "insert into outbox (lane, topic, key, event_id, headers, value, created_at)"
        " values (:lane, :topic, :key, :event_id, :headers, :value, now())"
    )
    async with service.context.database.transaction() as session:
        for key, value in events:
            fixed = {"topic": topic, "headers": headers, "event_id": new_id(), "lane": lane_of(key)}
            await session.execute(insert, {**fixed, "key": key, "value": value})
    service.context.outbox.committed.set()


async def arrived(kafka: Kafka, topic: str, *, last: bytes) -> list[bytes]:
    """The values on the topic up to `last`, in the order received."""
    found: list[bytes] = []
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest", fetch_max_wait_ms=10
    ) as consumer:
        async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
            while last not in found:
                found.append((await consumer.getone()).value)
    return found


async def held(service: Running, *, count: int) -> list[dict[str, Any]]:
    """The list of held events, as soon as it has `count` entries."""
    async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
        while True:
            answer = await service.http.get("/attendance/v1/outbox/held")
            assert answer.status_code == 200, answer.text
            items: list[dict[str, Any]] = answer.json()["items"]
            if len(items) == count:
                return items
            await asyncio.sleep(0.1)


async def metric(service: Running, name: str) -> float:
    """The metric's value after an update."""
    await service.app.part(Runtime).observe()
    lines = (await service.http.get("/attendance/metrics")).text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


async def change(service: Running, statement: str, **values: Any) -> None:
    async with service.context.database.transaction() as session:
        await session.execute(text(statement), values)


@asynccontextmanager
async def attendance(postgres: Postgres, kafka: Kafka, specs: list[TopicSpec] | None = None) -> AsyncIterator[Running]:
    await provision(kafka.bootstrap_servers, specs or read_topics())
    changes = {"tasks": True} | kafka_settings(kafka)
    async with running_service("attendance", postgres, clock=SystemClock(), **changes) as service:
        yield service


async def test_one_that_is_too_large_holds_back_its_own_key_only(postgres: Postgres, own_kafka: Kafka) -> None:
    bad, good = keys_of_one_lane(2)
    async with attendance(postgres, own_kafka) as service:
        await put(service, (bad, LARGE), (bad, b"behind"), (good, b"first"), (good, b"second"))
        assert await arrived(own_kafka, TOPIC, last=b"second") == [b"first", b"second"]
        [item] = await held(service, count=1)
        assert (item["topic"], item["key"], item["value_bytes"]) == (TOPIC, bad.decode(), len(LARGE))
        assert (item["holds"], item["behind"]) == ("key", 1)
        assert item["error"].startswith("MessageSizeTooLargeError")
        assert await metric(service, "kinerja_outbox_held_rows") == 2
        assert await metric(service, "kinerja_outbox_rows") == 2
        assert await metric(service, "kinerja_outbox_oldest_seconds") == 0, "OutboxOld is of those that could go"
        assert (await service.http.get("/attendance/health/ready")).status_code == 200
        assert service.metric("kinerja_relay_failures_total") == 0

        mend = "update outbox set value = :value, next_attempt_at = now() where next_attempt_at is not null"
        await change(service, mend, value=b"mended")
        found = await arrived(own_kafka, TOPIC, last=b"behind")
        assert [value for value in found if value in (b"mended", b"behind")] == [b"mended", b"behind"]
        assert await held(service, count=0) == []
        assert await metric(service, "kinerja_outbox_held_rows") == 0


async def test_it_is_tried_again_after_a_growing_pause(postgres: Postgres, own_kafka: Kafka) -> None:
    async with attendance(postgres, own_kafka) as service:
        await put(service, (b"a", LARGE))
        [first] = await held(service, count=1)
        async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
            while (again := (await held(service, count=1))[0])["attempts"] < 3:  # noqa: ASYNC110 - the relay runs too
                await asyncio.sleep(0.2)
        assert again["held_since"] == first["held_since"]
        # 1 s, 2 s, 4 s, … and never more than the limit
        for attempts, seconds in ((3, 8), (9, 512), (30, 600), (2_000, 600)):
            await change(service, "update outbox set attempts = :n, next_attempt_at = now()", n=attempts)
            async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
                while (await held(service, count=1))[0]["attempts"] == attempts:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            async with service.context.database.transaction() as session:
                query = text("select round(extract(epoch from next_attempt_at - now())) from outbox")
                assert seconds - 5 <= (await session.execute(query)).scalar_one() <= seconds


async def test_many_held_events_do_not_hide_those_behind(
    postgres: Postgres, own_kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "ROUND_ROWS_MAX", 3)
    bad = keys_of_one_lane(5)
    async with attendance(postgres, own_kafka) as service:
        await put(service, *[(key, LARGE) for key in bad], *[(key, b"behind") for key in bad])
        await held(service, count=5)
        await put(service, (b"good", b"last"))
        assert await arrived(own_kafka, TOPIC, last=b"last") == [b"last"]


async def test_unreadable_headers_are_their_own_events_fault(postgres: Postgres, own_kafka: Kafka) -> None:
    async with attendance(postgres, own_kafka) as service:
        await put(service, (b"a", b"bad"), headers=b"\xff")
        await put(service, (b"b", b"good"))
        assert await arrived(own_kafka, TOPIC, last=b"good") == [b"good"]
        [item] = await held(service, count=1)
        assert (item["error"], item["holds"]) == ("ValueError", "key")


async def test_a_dropped_event_is_kept_and_those_behind_it_follow(postgres: Postgres, own_kafka: Kafka) -> None:
    async with attendance(postgres, own_kafka) as service:
        await put(service, (b"a", LARGE), (b"a", b"behind"), headers=b'[["ce_id", "1"]]')
        [item] = await held(service, count=1)
        path = f"/attendance/v1/outbox/held/{item['event_id']}/drop"
        assert (await service.http.post(path, json={"reason": " "})).status_code == 422
        answer = await service.http.post(path, json={"reason": WHY})
        assert answer.status_code == 204, answer.text
        assert await arrived(own_kafka, TOPIC, last=b"behind") == [b"behind"]
        async with service.context.database.transaction() as session:
            [kept] = (await session.execute(text("select * from outbox_dropped"))).mappings()
        assert (kept["topic"], kept["key"], kept["value"]) == (TOPIC, b"a", LARGE)
        assert (kept["headers"], str(kept["event_id"])) == (b'[["ce_id", "1"]]', item["event_id"])
        assert (kept["dropped_by"], kept["reason"]) == ("operator", WHY)
        again = await service.http.post(path, json={"reason": WHY})
        assert (again.status_code, again.headers["content-type"]) == (404, "application/problem+json")


async def test_only_the_operator_sees_and_drops_and_only_what_is_held(embedded_postgres: EmbeddedPostgres) -> None:
    async with running_service("attendance", embedded_postgres, **NO_RELAY) as service:
        await put(service, (b"a", b"waits"))
        assert (await service.http.get("/attendance/v1/outbox/held")).json() == {"items": [], "next": None}
        async with service.context.database.transaction() as session:
            event_id = (await session.execute(text("select event_id from outbox"))).scalar_one()
        drop = f"/attendance/v1/outbox/held/{event_id}/drop"
        assert (await service.http.post(drop, json={"reason": WHY})).status_code == 404
        key = await service.key("attendance", "days:read")
        assert (await service.http.get("/attendance/v1/outbox/held", headers=key)).status_code == 403
        assert (await service.http.post(drop, json={"reason": WHY}, headers=key)).status_code == 403
        assert await outbox_rows(service) == 1


async def test_the_command_names_the_event_and_drops_it(
    postgres: Postgres, own_kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attendance(postgres, own_kafka) as service, AsyncExitStack() as stack:
        stack.enter_context(captured_logs())  # else the relay in this process would print between the command's lines
        monkeypatch.setattr(outbox, "client", client_of(service, "attendance"))
        monkeypatch.setenv("COLUMNS", "80")

        async def kinerja(*arguments: str) -> str:
            done = await asyncio.to_thread(CliRunner().invoke, app, ["outbox", *arguments])
            assert done.exit_code == 0, done.output
            return done.output

        await put(service, (b"[a]", LARGE), (b"[a]", b"behind"))
        [item] = await held(service, count=1)
        event, what, since, *error = (await kinerja("list")).splitlines()
        assert event == f"attendance {item['event_id']}"
        assert what == f"  {TOPIC} key [a], {len(LARGE)} bytes"
        assert since.startswith(f"  since {city_time(item['held_since'])}, attempts ")
        assert since.endswith(", 1 wait behind it")
        assert " ".join(line.strip() for line in error) == " ".join(item["error"].split())
        assert "MessageSizeTooLargeError" in error[0]
        assert max(map(len, (event, what, since, *error))) <= 80
        assert await kinerja("drop", "attendance", item["event_id"], "--reason", WHY) == f"dropped {item['event_id']}\n"
        assert await arrived(own_kafka, TOPIC, last=b"behind") == [b"behind"]
        assert await kinerja("list") == "no event is held back\n"


def only_containers(kafka: Kafka) -> None:
    if not isinstance(kafka, KafkaInContainer):
        pytest.skip("the embedded broker makes what is missing, and takes what is large")


async def test_a_missing_topic_holds_back_its_own_events_only(postgres: Postgres, own_kafka: Kafka) -> None:
    only_containers(own_kafka)
    specs = [spec for spec in read_topics() if spec.name != OTHER]
    async with attendance(postgres, own_kafka, specs) as service:
        await put(service, (b"a", b"1"), (b"b", b"2"), topic=OTHER)
        await put(service, (b"a", b"3"), (b"b", b"4"))
        found = await arrived(own_kafka, TOPIC, last=b"4")
        assert sorted({b"3", *found}) == [b"3", b"4"]
        [item] = await held(service, count=1)
        assert (item["topic"], item["holds"], item["behind"]) == (OTHER, "topic", 1)
        assert item["error"].startswith("UnknownTopicOrPartitionError")
        refusal = await service.http.post(f"/attendance/v1/outbox/held/{item['event_id']}/drop", json={"reason": WHY})
        assert refusal.status_code == 409
        assert "kinerja topics provision" in refusal.json()["detail"]
        assert (await service.http.get("/attendance/health/ready")).status_code == 200
        await provision(own_kafka.bootstrap_servers, read_topics())
        await held(service, count=0)
        assert {b"1", b"2"} >= set(await arrived(own_kafka, OTHER, last=b"2"))
        await until_empty(service)


async def test_the_brokers_own_refusal_of_a_batch_finds_the_one(
    postgres: Postgres, own_kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The topic's limit is below the producer's batch size: each batch is refused, for one record or for its size."""
    only_containers(own_kafka)
    specs = [
        replace(spec, partitions=1, config={**spec.config, "max.message.bytes": "20000"})
        if spec.name == TOPIC
        else spec
        for spec in read_topics()
    ]
    small = [(str(number).encode(), str(number).encode() + os.urandom(1_000)) for number in range(60)]
    async with attendance(postgres, own_kafka, specs) as service:
        await put(service, *small[:30], (b"bad", os.urandom(30_000)), (b"bad", b"behind"), *small[30:], (b"z", b"last"))
        found = await arrived(own_kafka, TOPIC, last=b"last")
        [item] = await held(service, count=1)
        assert (item["key"], item["holds"]) == ("bad", "key")
        await until_empty(service, but=2)
        await put(service, (b"z", b"after"))
        found = await arrived(own_kafka, TOPIC, last=b"after")
        assert sorted(found) == sorted([value for _, value in small] + [b"last", b"after"]), "each arrived once"
        assert service.metric("kinerja_relay_failures_total") == 0
