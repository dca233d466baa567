"""The relay runs at once after its own process's commits, and soon after another relay releases its locks."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from shared.base.clock import SystemClock
from shared.kafka_admin.provision import provision, read_topics
from shared.messaging.producing import relay
from tests.fixtures.outbox import hold_lanes, outbox_rows, until_empty
from tests.fixtures.services import running_service
from tests.fixtures.stores.backends import Kafka, Postgres, kafka_settings
from tests.integration.attendance.city import HEADER, person


async def test_it_need_not_poll_for_its_own_commits_nor_when_another_held_lanes(
    postgres: Postgres, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "POLL_SECONDS", 3_600.0)
    await provision(kafka.bootstrap_servers, read_topics())
    settings = {"tasks": True, "first_work_date": date(2026, 11, 2)} | kafka_settings(kafka)
    async with running_service("attendance", postgres, clock=SystemClock(), **settings) as service:
        await service.http.post("/attendance/v1/roster", content=HEADER + person())
        await until_empty(service)
        async with service.context.database.transaction() as session:
            await hold_lanes(session)
            await service.http.post("/attendance/v1/roster", content=HEADER + person(name="Contoh Pegawai Baru"))
            await asyncio.sleep(1.0)
            assert await outbox_rows(service) > 0, "the locks did not hold: this test could not fail"
        await until_empty(service)
