"""Helpers for tests of notices: what the desk applies, lists and decides, and passing weeks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from services.notifications.evaluations.evaluation import Evaluation
from shared.base.clock import FakeClock
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.services import Running
from tests.integration.notifications.notice_records import score
from tests.integration.readers import handler_of

NOW = datetime(2026, 8, 10, 3, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


async def apply(service: Running, records: Sequence[Incoming]) -> int:
    """Applies one batch as the consumer does; returns the number of parked records."""
    async with service.context.database.transaction() as session:
        parked = await handler_of(service)(session, records)
        await service.context.dead_letters.park(session, parked)
        return len(parked)


async def weeks(service: Running, clock: FakeClock, count: int) -> None:
    """Runs `count` evaluations, one week apart; the first one now."""
    for number in range(count):
        if number:
            clock.advance(WEEK)
        await service.app.part(Evaluation).round()


async def draft_of_a_reward(service: Running, clock: FakeClock, value: str = "91.00") -> dict[str, Any]:
    """A draft after four weeks at 91 points."""
    await apply(service, [score(value)])
    await weeks(service, clock, 4)
    [draft] = await listed(service, kind="reward", state="draft")
    return await one(service, draft)


async def listed(service: Running, **query: str) -> list[dict[str, Any]]:
    answer = await service.http.get("/notices/v1/notices", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def one(service: Running, notice: dict[str, Any]) -> dict[str, Any]:
    """The whole notice in its current state."""
    answer = await service.http.get(f"/notices/v1/notices/{notice['notice_id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ask(service: Running, notice: dict[str, Any], action: str, **options: Any) -> Any:
    return await service.http.post(f"/notices/v1/notices/{notice['notice_id']}/{action}", **options)


async def behind_its_back(service: Running, table: str, **changes: Any) -> None:
    """Changes stored records without any follow-up, like a manual repair."""
    statement = text(f"update {table} set record = cast(cast(record as jsonb) || cast(:changes as jsonb) as text)")
    async with service.context.database.transaction() as session:
        await session.execute(statement, {"changes": json.dumps(changes)})


async def forget(service: Running, table: str) -> None:
    """Deletes all records of a table."""
    async with service.context.database.transaction() as session:
        await session.execute(text(f"delete from {table}"))
