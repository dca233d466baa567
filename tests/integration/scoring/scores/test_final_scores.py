"""When a score becomes final, and that a record without a change keeps its revision."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.scoring.discipline.publisher import DisciplinePublisher
from services.scoring.scores.publisher import ScorePublisher
from services.scoring.scores.rescore import CACHES_END_SECONDS
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.base.clock import FakeClock
from shared.contracts.topics import ATTENDANCE_DAY, DISCIPLINE, EMPLOYEE, SCORE, Topic
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import day, employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.readers import receive

pytestmark = pytest.mark.embedded

DECEMBER = date(2026, 12, 29)
LAST_MINUTE = datetime(2026, 12, 31, 16, 59, tzinfo=UTC)  # 23:59 in the city
OPENING = datetime(2026, 12, 31, 20, 0, tzinfo=UTC)  # three hours after midnight
ABSENT = {"status": "absent", "credited_minutes": 0}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(LAST_MINUTE)


@pytest.fixture
async def scoring(embedded_postgres: EmbeddedPostgres, clock: FakeClock) -> AsyncIterator[Running]:
    async with running_service("scoring", embedded_postgres, clock=clock) as service:
        clock.set(LAST_MINUTE - timedelta(seconds=CACHES_END_SECONDS))
        await service.app.part(ScoreUpkeep).round()
        clock.set(LAST_MINUTE)
        # what the opening requested is done: it cannot mark scores as changed later
        await service.app.part(ScoreUpkeep).round()
        yield service


async def apply(service: Running, records: Sequence[Incoming]) -> None:
    """Applies a batch and publishes what it changed."""
    await receive(service, *records)
    await publish(service)


async def publish(service: Running) -> None:
    await service.app.part(ScoreUpkeep).round()
    for publisher in (service.app.part(ScorePublisher), service.app.part(DisciplinePublisher)):
        while await publisher.round():
            pass


async def published(service: Running, topic: Topic[Any], officer: UUID) -> list[dict[str, Any]]:
    """The records of an officer in the outbox, oldest first."""
    query = text("select value from outbox where topic = :topic order by id")
    async with service.context.database.transaction() as session:
        records = [orjson.loads(value) for value in (await session.execute(query, {"topic": topic.name})).scalars()]
    return [record for record in records if record["employee_id"] == str(officer)]


async def states(service: Running, officer: UUID) -> list[tuple[int, str]]:
    return [(record["revision"], record["state"]) for record in await published(service, SCORE, officer)]


async def test_a_score_is_final_after_the_last_day_and_without_provisional_days(
    scoring: Running, clock: FakeClock
) -> None:
    done, waits = uuid4(), uuid4()
    provisional = day(waits, DECEMBER, state="provisional", status="unknown", credited_minutes=0)
    await apply(scoring, [incoming(ATTENDANCE_DAY, day(done, DECEMBER)), incoming(ATTENDANCE_DAY, provisional)])
    assert (await states(scoring, done), await states(scoring, waits)) == ([(1, "provisional")], [(1, "provisional")])
    clock.set(OPENING)
    for _ in range(2):  # again: nothing new
        await publish(scoring)
        assert await states(scoring, done) == [(1, "provisional"), (2, "final")]
        assert await states(scoring, waits) == [(1, "provisional")]
    await apply(scoring, [incoming(ATTENDANCE_DAY, day(waits, DECEMBER, 2))])
    assert await states(scoring, waits) == [(1, "provisional"), (2, "final")]
    # a day of the new semester changes no score of the old one
    await apply(scoring, [incoming(ATTENDANCE_DAY, day(done, date(2027, 1, 4)))])
    assert [record["semester"] for record in await published(scoring, SCORE, done)] == ["2026-S2", "2026-S2", "2027-S1"]


async def test_a_record_without_a_change_keeps_its_revision(scoring: Running) -> None:
    officer = uuid4()
    await apply(
        scoring, [incoming(EMPLOYEE, employee(officer)), incoming(ATTENDANCE_DAY, day(officer, DECEMBER, **ABSENT))]
    )
    new_superior = employee(officer, 2, superior_id=str(uuid4()))
    other_times = day(officer, DECEMBER, 2, **ABSENT, recorded_at="2026-12-30T01:00:00Z")
    for record in (incoming(EMPLOYEE, new_superior), incoming(ATTENDANCE_DAY, other_times)):
        await apply(scoring, [record])
    assert [r["revision"] for r in await published(scoring, SCORE, officer)] == [1]
    assert [r["revision"] for r in await published(scoring, DISCIPLINE, officer)] == [1]


@pytest.mark.parametrize(
    ("corrected", "streaks"),
    [
        ({date(2026, 12, 31): {}}, [1, 1]),
        ({date(2026, 12, 30): {}}, [1, 2]),
        ({date(2027, 1, 4): {}}, [2, 0]),
    ],
    ids=["the day before the new year", "an earlier day", "a day of the new year"],
)
async def test_a_corrected_absence_ends_a_streak_across_the_new_year_in_both_years(
    scoring: Running, clock: FakeClock, corrected: dict[date, dict[str, Any]], streaks: list[int]
) -> None:
    clock.set(datetime(2027, 1, 5, tzinfo=UTC))
    officer = uuid4()
    dates = [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 4)]
    await apply(scoring, [incoming(ATTENDANCE_DAY, day(officer, one, **ABSENT)) for one in dates])
    await apply(scoring, [incoming(ATTENDANCE_DAY, day(officer, one, 2, **how)) for one, how in corrected.items()])
    found = {record["year"]: record for record in await published(scoring, DISCIPLINE, officer)}
    assert [found[year]["longest_streak_days"] for year in (2026, 2027)] == streaks


async def test_a_day_of_presence_between_two_absences_ends_their_streak(scoring: Running) -> None:
    officer = uuid4()
    dates = [date(2026, 12, 28), date(2026, 12, 30)]
    await apply(scoring, [incoming(ATTENDANCE_DAY, day(officer, one, **ABSENT)) for one in dates])
    await apply(scoring, [incoming(ATTENDANCE_DAY, day(officer, DECEMBER))])
    assert [r["longest_streak_days"] for r in await published(scoring, DISCIPLINE, officer)] == [2, 1]
