"""What makes a score or a discipline record be computed again, each cause alone.

A day or a rating that arrives anyway would hide a cause that does nothing: here nothing else arrives.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
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
from shared.contracts.topics import ATTENDANCE_DAY, DISCIPLINE, EMPLOYEE, FEEDBACK, SCORE, Topic
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import day, employee, incoming, rating
from tests.fixtures.services import Running, running_service
from tests.integration.readers import receive

pytestmark = pytest.mark.embedded

ABSENT = {"status": "absent", "credited_minutes": 0}
JANUARY = "2027-01-05T10:15:00+07:00"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 9, 1, 3, tzinfo=UTC))


@pytest.fixture
async def scoring(embedded_postgres: EmbeddedPostgres, clock: FakeClock) -> AsyncIterator[Running]:
    async with running_service("scoring", embedded_postgres, clock=clock) as service:
        await service.app.part(ScoreUpkeep).round()
        yield service


async def apply(service: Running, *records: Incoming) -> None:
    """One batch, and what is published after it."""
    await receive(service, *records)
    await publish(service)


async def publish(service: Running) -> None:
    await service.app.part(ScorePublisher).round()
    await service.app.part(DisciplinePublisher).round()


def days(officer: UUID, *dates: date, **changes: Any) -> list[Incoming]:
    return [incoming(ATTENDANCE_DAY, day(officer, each, **changes)) for each in dates]


async def published(service: Running, topic: Topic[Any], officer: UUID) -> list[dict[str, Any]]:
    async with service.context.database.transaction() as session:
        query = text("select value from outbox where topic = :topic order by id")
        rows = [orjson.loads(row.value) for row in await session.execute(query, {"topic": topic.name})]
    return [row for row in rows if row["employee_id"] == str(officer)]


async def test_a_move_to_another_unit_alone_gives_the_score_that_units_mean(scoring: Running, clock: FakeClock) -> None:
    """In the event, in the list and for `verify`: all three use the officer's present unit."""
    loved, moved = uuid4(), uuid4()
    await apply(scoring, incoming(EMPLOYEE, employee(loved)), *(incoming(FEEDBACK, rating(loved)) for _ in range(10)))
    await apply(scoring, incoming(EMPLOYEE, employee(moved, org_unit_id="unit-2")))
    clock.set(datetime(2027, 1, 6, 3, tzinfo=UTC))
    await scoring.app.part(ScoreUpkeep).round()
    marks = [rating(moved, 3, given_at=JANUARY, org_unit_id="unit-2") for _ in range(10)]
    await apply(scoring, *(incoming(FEEDBACK, each) for each in marks))
    await apply(scoring, incoming(EMPLOYEE, employee(moved, 2)))
    records = await published(scoring, SCORE, moved)
    # (10 x 3 + 10 x prior) / 20 x 25: the city's prior is 3.0644, the mean of unit-1 is 4
    assert [(r["revision"], r["org_unit_id"], r["score"]) for r in records] == [
        (1, "unit-2", "75.81"),
        (2, "unit-1", "87.50"),
    ]
    listed = (await scoring.http.get("/scores/v1/employees", params={"semester": "2027-S1"})).json()["items"]
    assert [item["score"] for item in listed] == ["87.50"]
    verified = (await scoring.http.post("/scores/v1/verify")).json()
    assert verified["ok"], verified


async def test_another_employment_type_alone_takes_the_officer_off_the_ladder(scoring: Running) -> None:
    officer = uuid4()
    absences = days(officer, *(date(2026, 8, n) for n in (3, 4, 5)), **ABSENT)
    await apply(scoring, incoming(EMPLOYEE, employee(officer)), *absences)
    await apply(scoring, incoming(EMPLOYEE, employee(officer, 2, employment_type="PPPK")))
    records = await published(scoring, DISCIPLINE, officer)
    assert [(r["revision"], r["step"]) for r in records] == [(1, "TEGURAN_LISAN"), (2, None)]


@pytest.mark.parametrize(
    ("absences", "between", "year"),
    [
        pytest.param([date(2026, 8, 3), date(2026, 8, 5)], date(2026, 8, 4), 2026, id="within a year"),
        pytest.param([date(2025, 12, 30), date(2026, 1, 2)], date(2025, 12, 31), 2026, id="across 1 January"),
    ],
)
async def test_a_day_of_presence_alone_breaks_the_streak_around_it(
    scoring: Running, absences: list[date], between: date, year: int
) -> None:
    officer = uuid4()
    await apply(scoring, *days(officer, *absences, **ABSENT))
    await apply(scoring, *days(officer, between))
    records = [r for r in await published(scoring, DISCIPLINE, officer) if r["year"] == year]
    assert [(r["revision"], r["longest_streak_days"]) for r in records] == [(1, 2), (2, 1)]


async def test_the_end_of_a_semester_alone_makes_its_scores_final(scoring: Running, clock: FakeClock) -> None:
    clock.advance(timedelta(seconds=CACHES_END_SECONDS))
    await scoring.app.part(ScoreUpkeep).round()  # what the semester's opening requested is done
    done, waiting = uuid4(), uuid4()
    await apply(scoring, *days(done, date(2026, 12, 30)))
    open_day = days(waiting, date(2026, 12, 31), state="provisional", status="unknown", credited_minutes=0)
    await apply(scoring, *days(waiting, date(2026, 12, 30)), *open_day)
    clock.set(datetime(2026, 12, 31, 19, 59, tzinfo=UTC))  # a minute before three o'clock in the city
    await scoring.app.part(ScoreUpkeep).round()
    await publish(scoring)
    assert [r["state"] for r in await published(scoring, SCORE, done)] == ["provisional"]
    clock.set(datetime(2026, 12, 31, 20, tzinfo=UTC))
    await scoring.app.part(ScoreUpkeep).round()
    await publish(scoring)
    assert [(r["revision"], r["state"]) for r in await published(scoring, SCORE, done)] == [
        (1, "provisional"),
        (2, "final"),
    ]
    assert [r["state"] for r in await published(scoring, SCORE, waiting)] == ["provisional"]
    await apply(scoring, *days(waiting, date(2026, 12, 31), revision=2))
    assert [r["state"] for r in await published(scoring, SCORE, waiting)] == ["provisional", "final"]
