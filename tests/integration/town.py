"""The four services in one process, their record transport and the command line: for tests that forge records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from cli.doctor import doctor
from cli.kafka import republish
from cli.main import app
from cli.scores import scores
from services.scoring.discipline.publisher import DisciplinePublisher
from services.scoring.scores.publisher import ScorePublisher
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.base.clock import FakeClock
from shared.contracts.topics import ATTENDANCE_DAY, DISCIPLINE, EMPLOYEE, FEEDBACK, SCORE, Topic
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import incoming
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.postgres import Server
from tests.integration.attendance.city import FIRST_NIP, City, city, local, person
from tests.integration.feedback.office import ANSWERS, Office
from tests.integration.readers import handler_of

__all__ = ["READS", "Town", "living_town"]

BOSS_NIP = "199608182022041002"
READS = {
    EMPLOYEE.name: ("scoring", "feedback", "notifications"),
    ATTENDANCE_DAY.name: ("scoring",),
    FEEDBACK.name: ("scoring",),
    SCORE.name: ("notifications",),
    DISCIPLINE.name: ("notifications",),
}
PREFIXES = {"attendance": "attendance", "feedback": "feedback", "scores": "scoring", "notices": "notifications"}
ANSWER_SECONDS = 60


@dataclass
class Town:
    """The services, record transport between them, and the command line."""

    attendance: City
    services: dict[str, Running]
    officer: str = ""
    boss: str = ""
    sent: list[Incoming] = field(default_factory=list)
    """All records sent over the topics, in order."""

    async def carry(self) -> None:
        """Publishes and reads until no record is in flight."""
        while True:
            moved = [r for service in self.services.values() for r in await self._taken(service)]
            for record in moved:
                await self.send(record)
            for publisher in (ScorePublisher, DisciplinePublisher):
                await self.services["scoring"].app.part(publisher).round()
            if not moved:
                return

    async def send(self, record: Incoming) -> None:
        """Delivers a record to the readers of its topic, from any writer."""
        self.sent.append(record)
        for reader in READS.get(record.topic, ()):
            service = self.services[reader]
            async with service.context.database.transaction() as session:
                parked = await handler_of(service)(session, [record])
                await service.context.dead_letters.park(session, parked)

    async def _taken(self, service: Running) -> list[Incoming]:
        async with service.context.database.transaction() as session:
            rows = (await session.execute(text("delete from outbox returning id, topic, key, headers, value"))).all()
        return [
            Incoming(row.topic, 0, row.id, row.key, row.value, [(n, v.encode()) for n, v in orjson.loads(row.headers)])
            for row in sorted(rows)
        ]

    def last(self, topic: Topic[Any], **values: Any) -> dict[str, Any]:
        """The newest record of the topic with these values."""
        for record in reversed(self.sent):
            body = orjson.loads(record.value or b"{}")
            if record.topic == topic.name and values.items() <= body.items():
                found: dict[str, Any] = body
                return found
        raise AssertionError(f"no such record on {topic.name}")

    async def forge(self, topic: Topic[Any], record: dict[str, Any], *, by: int, **changes: Any) -> int:
        """Sends a valid record with wrong content and a revision that is `by` above the true one."""
        wrong = record | {"revision": record["revision"] + by} | changes
        await self.send(incoming(topic, wrong))
        return int(wrong["revision"])

    async def kinerja(self, *arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


@asynccontextmanager
async def living_town(server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """Starts on fresh databases; `kinerja` uses these services."""
    async with AsyncExitStack() as stack:
        attendance = await stack.enter_async_context(city(server))
        clock = FakeClock(local("2026-08-05 20:00"))
        services = {"attendance": attendance.service}
        for name in ("feedback", "scoring", "notifications"):
            services[name] = await stack.enter_async_context(running_service(name, server, clock=clock))
        await services["scoring"].app.part(ScoreUpkeep).round()
        found = Town(attendance, services)
        _lead_commands_to(found, monkeypatch)
        await _live(found, clock)
        yield found


async def _live(town: Town, clock: FakeClock) -> None:
    """Two officers, three days (one is an absence), a group of ratings and an assessment."""
    attendance = town.attendance
    await attendance.import_lines(person(superior_nip=BOSS_NIP), person(BOSS_NIP, name="Atasan Contoh"))
    town.officer = (await attendance.officer(FIRST_NIP))["employee_id"]
    town.boss = (await attendance.officer(BOSS_NIP))["employee_id"]
    await attendance.machine()
    await attendance.punch(town.officer, "2026-08-03 07:20", "2026-08-03 16:30", "2026-08-04 07:20", "2026-08-04 16:30")
    await attendance.work()
    await attendance.advance("2026-08-06 00:00")
    await attendance.close()
    await town.carry()
    office = Office(town.services["feedback"], clock)
    for _ in range(5):
        answer = await office.http.post(await office.visit(employee_id=town.officer), data=ANSWERS)
        assert answer.status_code == 200, answer.text
    await office.publish()
    body = {
        "assessment_id": "0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f10", "employee_id": town.officer, "assessor_id": town.boss,
        "work_quality": "80",
    }  # fmt: skip
    assert (await office.http.post("/feedback/v1/assessments", json=body)).status_code == 200
    await town.carry()


def _lead_commands_to(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()

    def answer(request: httpx.Request) -> httpx.Response:
        service = town.services[PREFIXES[request.url.path.split("/")[1]]]
        headers = {name: value for name, value in request.headers.items() if name == "content-type"}
        asked = service.http.request(request.method, request.url, content=request.content, headers=headers)
        found = asyncio.run_coroutine_threadsafe(asked, loop).result(ANSWER_SECONDS)
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    for command in (doctor, republish, scores):
        monkeypatch.setattr(
            command, "client", lambda: httpx.Client(transport=httpx.MockTransport(answer), base_url="http://testserver")
        )
    monkeypatch.setattr("cli.doctor.digests.SETTLE_SECONDS", 0.0)
