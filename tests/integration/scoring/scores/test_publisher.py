"""From changed totals to the outbox: revisions without gaps, no record published twice without a change."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import text

from services.scoring.discipline.publisher import DisciplinePublisher
from services.scoring.facts import consumer as consumers
from services.scoring.scores import changed_rows
from services.scoring.scores.publisher import ScorePublisher
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import day, employee, incoming
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.backends import Postgres
from tests.integration.readers import receive


async def outbox(service: Running, topic: str) -> list[Any]:
    async with service.context.database.transaction() as session:
        rows = await session.execute(
            text("select value from outbox where topic = :topic order by id"), {"topic": topic}
        )
        return [orjson.loads(row.value) for row in rows]


async def test_each_change_is_one_revision_and_republishing_sends_the_same(postgres: Postgres) -> None:
    officer, monday = uuid4(), date(2026, 8, 3)
    async with running_service("scoring", postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        for records in (
            [incoming(EMPLOYEE, employee(officer)), incoming(ATTENDANCE_DAY, day(officer, monday))],
            [incoming(ATTENDANCE_DAY, day(officer, monday))],  # the same record changes nothing
            [incoming(ATTENDANCE_DAY, day(officer, monday, 2, status="absent", credited_minutes=0))],
        ):
            await receive(service, *records)
            await service.app.part(ScorePublisher).round()
            await service.app.part(DisciplinePublisher).round()
        scores = await outbox(service, "asn.score.v1")
        assert [(r["revision"], r["score"]) for r in scores] == [(1, "100.00"), (2, "0.00")]
        years = await outbox(service, "asn.discipline.v1")
        assert [(r["revision"], r["cumulative_days"]) for r in years] == [(1, 1)]
        answer = await service.http.post("/scores/v1/republish")
        assert (answer.status_code, answer.json()) == (202, {"records": 2, "unreadable": 0})
        assert (await outbox(service, "asn.score.v1"))[-1] == scores[-1]


async def test_years_of_many_officers_are_one_round_each_with_its_own_days(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A streak continues across 1 January; the count of the year does not."""
    monkeypatch.setattr(DisciplinePublisher, "rows_max", 3)
    across, within, present = uuid4(), uuid4(), uuid4()
    winter = [date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 2)]
    absent = {"status": "absent", "credited_minutes": 0}
    records = [incoming(ATTENDANCE_DAY, day(across, one, **absent)) for one in winter]
    records += [incoming(ATTENDANCE_DAY, day(present, one)) for one in winter]
    records.append(incoming(ATTENDANCE_DAY, day(within, date(2026, 3, 2), **absent)))
    async with running_service("scoring", postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        await receive(service, *records)
        assert await service.app.part(DisciplinePublisher).round()  # a full round: there may be more
        assert not await service.app.part(DisciplinePublisher).round()
        years = {
            (r["employee_id"], r["year"]): (r["cumulative_days"], r["longest_streak_days"], r["revision"])
            for r in await outbox(service, "asn.discipline.v1")
        }
    assert years == {
        (str(across), 2025): (2, 2, 1),
        (str(across), 2026): (1, 3, 1),
        (str(within), 2026): (1, 1, 1),
    }


async def test_a_backlog_delays_publishing_for_a_limited_time(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backlog changes the same scores many times: only the final scores matter."""
    officers, monday = [uuid4(), uuid4()], date(2026, 8, 3)
    async with running_service("scoring", postgres, batch_records_max=4) as service:
        await service.app.part(ScoreUpkeep).round()

        async def apply(*records: Incoming) -> int:
            await receive(service, *records)
            await service.app.part(ScorePublisher).round()
            return len(await outbox(service, "asn.score.v1"))

        monkeypatch.setattr(consumers, "BACKLOG_SECONDS", 60.0)
        full = [incoming(ATTENDANCE_DAY, day(officer, monday)) for officer in officers]
        assert await apply(*full) == 0
        with monkeypatch.context() as impatient:
            impatient.setattr(changed_rows, "DELAY_SECONDS_MAX", 0.0)
            assert await apply(*full) == 2
        assert await apply(*[incoming(ATTENDANCE_DAY, day(o, monday, 2, credited_minutes=9)) for o in officers]) == 2
        # a small batch is no backlog: everything that waited is published at once
        assert await apply(incoming(ATTENDANCE_DAY, day(officers[0], monday, 3, credited_minutes=8))) == 4
