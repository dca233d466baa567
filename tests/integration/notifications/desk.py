"""Helpers for tests of notices: people, incoming records, passing weeks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from services.notifications.evaluations.evaluation import Evaluation
from shared.base.clock import FakeClock
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import DISCIPLINE, SCORE
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import incoming
from tests.fixtures.services import Running
from tests.integration.readers import handler_of

NOW = datetime(2026, 8, 10, 3, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
OFFICER, SUPERIOR = uuid4(), uuid4()
STEPS = ("TEGURAN_LISAN", "TEGURAN_TERTULIS", "PERNYATAAN_TIDAK_PUAS")
LIMITS = (3, 4, 7)


async def apply(service: Running, records: Sequence[Incoming]) -> int:
    """Applies one batch as the consumer does; returns the number of parked records."""
    async with service.context.database.transaction() as session:
        parked = await handler_of(service)(session, records)
        await service.context.dead_letters.park(session, parked)
        return len(parked)


def score(
    value: str | None, revision: int = 1, quality: str | None = "85.20", days: int = 80, **changes: Any
) -> Incoming:
    """A complete score of the officer with `days` final days."""
    record = EXAMPLES[SCORE.name][0] | {"employee_id": str(OFFICER), "revision": revision, "score": value}
    return incoming(SCORE, record | {"indicators": indicators(quality, days)} | changes)


def indicators(quality: str | None, days: int = 80) -> list[dict[str, Any]]:
    found = [dict(item) for item in EXAMPLES[SCORE.name][0]["indicators"]]
    found[0]["n"] = days
    found[1] |= {"value": quality, "state": "assessed" if quality is not None else "too_few"}
    return found


def absences(days: int, revision: int = 1, officer: UUID = OFFICER, year: int = 2026, **changes: Any) -> Incoming:
    """An officer's unexcused days of a year, with the steps for a PNS."""
    reached = [step for step, limit in zip(STEPS, LIMITS, strict=True) if days >= limit]
    record = EXAMPLES[DISCIPLINE.name][0] | {
        "employee_id": str(officer),
        "revision": revision,
        "year": year,
        "cumulative_days": days,
        "longest_streak_days": min(days, 2),
        "step": reached[-1] if reached else None,
        "level": "LIGHT" if reached else None,
        "steps_reached": reached,
        "unexcused_dates": [(date(year, 7, 1) + timedelta(days=2 * n)).isoformat() for n in range(days)],
        "reasons": ["CUMULATIVE_DAYS" if reached else "BELOW_FIRST_STEP"],
    }
    return incoming(DISCIPLINE, record | changes)


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
