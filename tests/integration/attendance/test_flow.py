"""The running service with tasks and broker: imports and punches reach the topics automatically."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from aiokafka import AIOKafkaConsumer

from shared.base.clock import SystemClock
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE
from shared.kafka_admin.provision import provision, read_topics
from tests.fixtures.services import running_service
from tests.fixtures.stores.backends import Kafka, Postgres, kafka_settings
from tests.integration.attendance.city import FIRST_NIP, HEADER, City, person

WIB = ZoneInfo("Asia/Jakarta")
ARRIVAL_SECONDS_MAX = 20.0


async def records_of(consumer: AIOKafkaConsumer, employee_id: str, *, until: Any) -> list[dict[str, Any]]:
    """The officer's records in order, read until one satisfies `until`."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
        async for message in consumer:
            if message.key.decode() == employee_id:
                found.append(orjson.loads(message.value))
                if until(found[-1]):
                    return found
    raise AssertionError("the consumer ended")


async def test_a_punch_arrives_on_the_topic(postgres: Postgres, kafka: Kafka) -> None:
    await provision(kafka.bootstrap_servers, read_topics())
    now = datetime.now(UTC)
    today = now.astimezone(WIB).date()
    changes = {"tasks": True, "first_work_date": today - timedelta(days=7)} | kafka_settings(kafka)
    async with running_service("attendance", postgres, clock=SystemClock(), **changes) as service:
        town = City(service, None)
        answer = await service.http.post("/attendance/v1/roster", content=HEADER + person())
        assert answer.status_code == 200, answer.text
        officer = (await town.officer(FIRST_NIP))["employee_id"]
        async with AIOKafkaConsumer(
            EMPLOYEE.name,
            ATTENDANCE_DAY.name,
            bootstrap_servers=kafka.bootstrap_servers,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=10,
        ) as consumer:
            roster = await records_of(consumer, officer, until=lambda r: "nip" in r)
            assert roster[-1]["revision"] == 1
            moment = f"{today - timedelta(days=1)} 07:31:00"
            shift = {
                "starts_at": f"{today - timedelta(days=1)}T07:30:00",
                "ends_at": f"{today - timedelta(days=1)}T16:00:00",
            }
            address = f"/attendance/v1/employees/{officer}/roster/{today - timedelta(days=1)}"
            assert (await service.http.put(address, json=shift)).status_code == 204
            await town.machine()
            await town.punch(officer, moment)
            days = await records_of(consumer, officer, until=lambda r: r.get("first_in") is not None)
            assert (days[-1]["status"], days[-1]["late_minutes"]) == ("present", 1)
        assert (await service.http.get("/attendance/health/ready")).status_code == 200
