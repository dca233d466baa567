"""A feedback service with a superior and an officer, and what tests ask of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
from sqlalchemy import text

from shared.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.postgres import Server
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, running_service

__all__ = ["ANSWERS", "NOW", "Office", "office"]

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
ANSWERS = {"completion_time": "4", "product": "3", "officer_competence": "2", "officer_conduct": ""}


@dataclass
class Office:
    """The service under test, its clock and its people."""

    service: Running
    clock: FakeClock
    superior: UUID = field(default_factory=uuid4)
    officer: UUID = field(default_factory=uuid4)

    @property
    def http(self) -> httpx.AsyncClient:
        return self.service.http

    async def hear(self, *records: dict[str, Any]) -> None:
        async with self.service.context.database.transaction() as session:
            assert not await self.service.app.state.handler(session, [incoming(EMPLOYEE, r) for r in records])

    async def visit(self, **changes: Any) -> str:
        """The path of a new visit's form."""
        body = {"employee_id": str(self.officer), "service": "KTP-el"} | changes
        answer = await self.http.post("/feedback/v1/visits", json=body)
        assert answer.status_code == 201, answer.text
        return httpx.URL(answer.json()["url"]).path

    async def rows(self, query: str) -> list[Any]:
        async with self.service.context.database.transaction() as session:
            return list((await session.execute(text(query))).all())

    async def outbox(self) -> list[Any]:
        rows = await self.rows("select value from outbox where topic = 'asn.feedback.v1' order by id")
        return [orjson.loads(row.value) for row in rows]

    async def key(self, scope: str, employee_id: UUID | None = None) -> dict[str, str]:
        """The headers of a new key's holder."""
        body = {"name": f"key-{scope}", "scopes": [scope], "employee_id": str(employee_id) if employee_id else None}
        answer = await self.http.post("/feedback/v1/api-keys", json=body)
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}


@asynccontextmanager
async def office(server: Server, **changes: Any) -> AsyncIterator[Office]:
    """On a fresh database."""
    clock = FakeClock(NOW)
    async with running_service("feedback", server, clock=clock, **changes) as service:
        place = Office(service, clock)
        await place.hear(
            employee(place.superior, name="Atasan Contoh"),
            employee(place.officer, superior_id=str(place.superior)),
        )
        yield place
