"""Two owners of a partition at once, as after a rebalance: totals must still be exact."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.scores.upkeep import ScoreUpkeep
from services.scoring.totals.rules.contribution import DAY_TOTALS, TOTALS, day_contribution
from shared.contracts.topics import ATTENDANCE_DAY, FEEDBACK
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import day, incoming, rating
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.backends import Postgres
from tests.integration.readers import handler_of

pytestmark = pytest.mark.fault

OWNERS = 3
OFFICERS = 60
BATCH = 400

Write = Callable[[AsyncSession, Sequence[Incoming]], Awaitable[Any]]


@pytest.fixture
async def scoring(postgres: Postgres) -> AsyncIterator[Running]:
    async with running_service("scoring", postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        yield service


def drawn_records() -> tuple[list[Incoming], int]:
    """Days in one to three revisions and ratings that change officers; and the credited minutes of the last revisions."""
    rnd = random.Random(7)
    officers = [UUID(int=rnd.getrandbits(128), version=4) for _ in range(OFFICERS)]
    records, credited = [], 0
    for officer in officers:
        for number in range(30):
            for revision in range(1, rnd.randint(1, 3) + 1):
                minutes = rnd.randint(0, 450)
                content = day(officer, date(2026, 7, 1) + timedelta(days=number), revision, credited_minutes=minutes)
                records.append(incoming(ATTENDANCE_DAY, content))
            credited += minutes
        first = rating(officer)
        records.append(incoming(FEEDBACK, first))
        records.append(incoming(FEEDBACK, first | {"revision": 2, "employee_id": str(rnd.choice(officers))}))
    return records, credited


async def by_all_owners(service: Running, records: Sequence[Incoming], write: Write) -> None:
    """All owners apply the same records at once, each in its own order and batches."""

    async def owner(seed: int) -> None:
        mine = list(records)
        random.Random(seed).shuffle(mine)
        for start in range(0, len(mine), BATCH):
            async with service.context.database.transaction() as session:
                await write(session, mine[start : start + BATCH])

    await asyncio.gather(*(owner(seed) for seed in range(OWNERS)))


async def credited_minutes(service: Running) -> int:
    async with service.context.database.transaction() as session:
        return int((await session.execute(text("select sum(credited_minutes) from semester_total"))).scalar_one())


async def test_totals_are_exact_when_three_owners_write_the_same_records_at_once(scoring: Running) -> None:
    records, credited = drawn_records()
    await by_all_owners(scoring, records, handler_of(scoring))
    assert await credited_minutes(scoring) == credited
    found = (await scoring.http.post("/scores/v1/verify")).json()
    assert found["ok"], found["differences"][:5]
    assert (found["days"], found["feedback"]) == (OFFICERS * 30, OFFICERS)


async def test_a_select_before_the_upsert_would_count_twice(scoring: Running) -> None:
    """The negative control: the same race must break a writer that reads the old contribution without the lock."""
    records, credited = drawn_records()
    await by_all_owners(scoring, [r for r in records if r.topic == ATTENDANCE_DAY.name], select_then_upsert)
    assert await credited_minutes(scoring) != credited


async def select_then_upsert(session: AsyncSession, records: Sequence[Incoming]) -> None:
    """Old contributions by a select, facts by an upsert, totals by the difference: correct only for a single owner."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for record in records:
        content = orjson.loads(record.value or b"")
        key = (content["employee_id"], content["work_date"])
        if key not in newest or newest[key]["revision"] < content["revision"]:
            newest[key] = content
    keys = sorted(newest)
    rows = await session.execute(
        text(
            "select employee_id, work_date, revision, credited_minutes from day_fact join"
            " unnest(cast(:officers as uuid[]), cast(:dates as date[])) as i (employee_id, work_date)"
            " using (employee_id, work_date)"
        ),
        {"officers": [UUID(key[0]) for key in keys], "dates": [date.fromisoformat(key[1]) for key in keys]},
    )
    old = {(str(row.employee_id), row.work_date.isoformat()): row for row in rows}
    columns = ", ".join(DAY_TOTALS)
    deltas: dict[UUID, int] = {}
    for key in keys:
        content = newest[key]
        before = old.get(key)
        if before is not None and before.revision >= content["revision"]:
            continue
        values = day_contribution("final", "present", 450, content["credited_minutes"], None)
        officer = UUID(key[0])
        await session.execute(
            text(
                f"insert into day_fact as f (employee_id, work_date, semester, revision, {columns}, record)"
                f" values (:officer, :date, 4053, :revision, {', '.join(map(str, values))}, '')"
                " on conflict (employee_id, work_date) do update set revision = excluded.revision,"
                " credited_minutes = excluded.credited_minutes where f.revision < excluded.revision"
            ),
            {"officer": officer, "date": date.fromisoformat(key[1]), "revision": content["revision"]},
        )
        delta = content["credited_minutes"] - (before.credited_minutes if before is not None else 0)
        deltas[officer] = deltas.get(officer, 0) + delta
    for officer, delta in deltas.items():  # all facts before all totals: the race is only about the sums
        await session.execute(_ADD, {"officer": officer, "delta": delta})


_ZEROS = [name for name in TOTALS if name != "credited_minutes"]
_ADD = text(
    f"insert into semester_total as t (employee_id, semester, credited_minutes, {', '.join(_ZEROS)},"
    f" complete, changed, as_of) values (:officer, 4053, :delta, {', '.join('0' for _ in _ZEROS)}, false, true, now())"
    " on conflict (employee_id, semester) do update set credited_minutes = t.credited_minutes + excluded.credited_minutes"
)
