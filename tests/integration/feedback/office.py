"""A feedback service with a superior and an officer, and helpers for its tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
from sqlalchemy import text

from services.feedback.people.consumer import handle
from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes, Target
from services.feedback.ratings.publication import Publication
from services.feedback.ratings.rules.ballots import Content
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, key_name, running_service
from tests.fixtures.stores.postgres import Server

__all__ = ["ANSWERS", "MINIMUM", "NOW", "Office", "office"]

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
MINIMUM = 5  # the default rules' group_minimum
ANSWERS = {"completion_time": "4", "product": "3", "officer_competence": "2", "officer_conduct": ""}


@dataclass
class Office:
    """The service under test, its clock and its officers."""

    service: Running
    clock: FakeClock
    superior: UUID = field(default_factory=uuid4)
    officer: UUID = field(default_factory=uuid4)

    @property
    def http(self) -> httpx.AsyncClient:
        return self.service.http

    async def hear(self, *records: dict[str, Any]) -> None:
        async with self.service.context.database.transaction() as session:
            assert not await handle(session, [incoming(EMPLOYEE, r) for r in records])

    async def visit(self, **changes: Any) -> str:
        """The path of a new visit's form."""
        body = {"employee_id": str(self.officer), "service": "KTP-el"} | changes
        answer = await self.http.post("/feedback/v1/visits", json=body)
        assert answer.status_code == 201, answer.text
        return httpx.URL(answer.json()["url"]).path

    async def votes(self, count: int, answers: dict[str, str] = ANSWERS, **visit: Any) -> None:
        """`count` citizens visit and give the same answers."""
        for _ in range(count):
            answer = await self.http.post(await self.visit(**visit), data=answers)
            assert answer.status_code == 200, answer.text

    async def publish(self) -> None:
        """Advances the clock until full groups are due, and publishes them."""
        publication = self.service.app.part(Publication)
        await publication.round()
        self.clock.advance(timedelta(seconds=publication.rules.publish_after_seconds.most))
        await publication.round()

    async def ratings(self) -> list[dict[str, Any]]:
        """The published citizen ratings."""
        return [record for record in await self.outbox() if record["kind"] == "citizen_rating"]

    async def content(self, employee_id: UUID | None = None) -> Content:
        """The opened box of an officer; by default the office's officer."""
        target = Target(employee_id or self.officer, "unit-1", "visit")
        async with self.service.context.database.transaction() as session:
            return await self.service.app.part(BallotBoxes).open(session, target)

    async def rows(self, query: str) -> list[Any]:
        async with self.service.context.database.transaction() as session:
            return list((await session.execute(text(query))).all())

    async def outbox(self) -> list[Any]:
        rows = await self.rows("select value from outbox where topic = 'asn.feedback.v1' order by id")
        return [orjson.loads(row.value) for row in rows]

    async def key(self, scope: str, employee_id: UUID | None = None) -> dict[str, str]:
        """Headers with a new key."""
        body = {"name": key_name(), "scopes": [scope], "employee_id": str(employee_id) if employee_id else None}
        answer = await self.http.post("/feedback/v1/api-keys", json=body)
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}


@asynccontextmanager
async def office(server: Server, **changes: Any) -> AsyncIterator[Office]:
    """Starts the service on a fresh database."""
    clock = FakeClock(NOW)
    async with running_service("feedback", server, clock=clock, **changes) as service:
        place = Office(service, clock)
        await place.hear(
            employee(place.superior, name="Atasan Contoh"),
            employee(place.officer, superior_id=str(place.superior)),
        )
        yield place
