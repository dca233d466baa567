"""One row that a service cannot use blocks no others: scores, years, days, drafts, mails and groups of ratings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes, Target
from services.notifications.delivery.sender import Sender
from services.notifications.evaluations.evaluation import Evaluation
from services.notifications.notices.ageing import Ageing
from services.scoring.discipline.publisher import DisciplinePublisher
from services.scoring.scores.publisher import ScorePublisher
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.base.clock import FakeClock
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE
from shared.observability.metrics import Metrics
from tests.fixtures.records import day, employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.attendance.city import City, city, person
from tests.integration.feedback.office import MINIMUM, office
from tests.integration.notifications.desk import NOW, apply, listed
from tests.integration.notifications.notice_records import absences, score
from tests.integration.readers import receive

pytestmark = pytest.mark.embedded

MONDAY = date(2026, 8, 3)


async def change(service: Running, statement: str, **values: Any) -> int:
    async with service.context.database.transaction() as session:
        result: Any = await session.execute(text(statement), values)
        count: int = result.rowcount
        return count


async def published(service: Running, topic: str, field: str = "employee_id") -> list[str]:
    query = text("select value from outbox where topic = :topic order by id")
    async with service.context.database.transaction() as session:
        return [orjson.loads(value)[field] for value in (await session.execute(query, {"topic": topic})).scalars()]


async def all_rounds(work: Callable[[], Awaitable[bool]]) -> None:
    while await work():
        pass


def set_aside(metrics: Metrics, task: str) -> float:
    return metrics.registry.get_sample_value("kinerja_rows_set_aside", {"task": task}) or 0.0


async def test_scores_and_years_of_the_others_are_published(embedded_postgres: EmbeddedPostgres) -> None:
    """The published record of one officer cannot be read: it cannot be compared with the new record."""
    officers = sorted(uuid4() for _ in range(5))
    bad = officers[2]
    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()

        async def absent(revision: int, minutes: int) -> None:
            records = [
                incoming(ATTENDANCE_DAY, day(one, MONDAY, revision, status="absent", credited_minutes=minutes))
                for one in officers
            ] + [
                incoming(
                    ATTENDANCE_DAY, day(one, MONDAY + timedelta(days=revision), status="absent", credited_minutes=0)
                )
                for one in officers
            ]
            await receive(service, *records)
            await all_rounds(service.app.part(ScorePublisher).round)
            await all_rounds(service.app.part(DisciplinePublisher).round)

        await absent(1, 0)
        assert len(await published(service, "asn.score.v1")) == 5
        await change(service, "delete from outbox")
        await change(service, "update published_score set record = 'no record' where employee_id = :bad", bad=bad)
        await change(service, "update discipline_year set record = 'no record' where employee_id = :bad", bad=bad)
        await absent(2, 9)
        others = [str(one) for one in officers if one != bad]
        assert sorted(await published(service, "asn.score.v1")) == others
        assert sorted(await published(service, "asn.discipline.v1")) == others
        for table, task in (("semester_total", "scores"), ("discipline_year", "discipline")):
            async with service.context.database.transaction() as session:
                query = text(f"select employee_id from {table} where changed")
                assert (await session.execute(query)).scalars().all() == [bad], "it waits, and is not forgotten"
            assert set_aside(service.context.metrics, task) == 1

        await change(service, "delete from outbox")
        answer = await service.http.post("/scores/v1/republish")
        assert (answer.status_code, answer.json()) == (202, {"records": 8, "unreadable": 2})
        assert sorted(await published(service, "asn.score.v1")) == others


async def test_days_of_the_others_are_computed(embedded_postgres: EmbeddedPostgres) -> None:
    """A day's revision is already the maximum."""
    async with city(embedded_postgres) as town:
        await town.import_lines(person(), person(nip="199001012015011002", name="Contoh Dua"))
        await town.machine()
        await town.close()
        last = "update attendance_day set revision = 2147483647 where employee_id = :bad and work_date = '2026-08-04'"
        bad = (await town.officer())["employee_id"]
        assert await change(town.service, last, bad=bad) == 1
        await change(town.service, "delete from outbox")
        await town.advance("2026-08-04 21:00")
        await town.close()
        assert await _days(town) == {(False, "2026-08-03"), (False, "2026-08-04"), (True, "2026-08-03")}
        waiting = await town.rows("select distinct employee_id, work_date from day_queue")
        assert [(str(row.employee_id), row.work_date) for row in waiting] == [(bad, date(2026, 8, 4))]
        tasks = ("urgent days", "bulk days")
        assert sum(set_aside(town.service.context.metrics, task) for task in tasks) == 1


async def _days(town: City) -> set[tuple[bool, str]]:
    """For each day in the outbox: whether it is the first officer's, and the date."""
    first = (await town.officer())["employee_id"]
    rows = await town.rows("select value from outbox where topic = 'asn.attendance-day.v1'")
    records = [orjson.loads(row.value) for row in rows]
    return {(record["employee_id"] == first, record["work_date"]) for record in records}


async def test_notices_of_the_others_are_drafted_expired_and_sent(embedded_postgres: EmbeddedPostgres) -> None:
    clock = FakeClock(NOW)
    officers = sorted(uuid4() for _ in range(3))
    bad = officers[1]
    async with running_service("notifications", embedded_postgres, clock=clock) as service:
        people = [
            incoming(EMPLOYEE, employee(one, nip=f"19900101201501100{n}")) for n, one in enumerate(officers, start=1)
        ]
        await apply(service, people)
        assert not await apply(service, [score("91.00", employee_id=str(one)) for one in officers])
        await change(service, "update score set record = 'no record' where employee_id = :bad", bad=bad)
        for _ in range(4):
            await all_rounds(service.app.part(Evaluation).round)
            clock.advance(timedelta(days=7))
        drafts = {item["employee_id"] for item in await listed(service, kind="reward", state="draft")}
        assert drafts == {str(one) for one in officers if one != bad}
        assert set_aside(service.context.metrics, "evaluation") == 1

        # a letter about absences that cannot be checked again, and letters to the others
        assert not await apply(service, [absences(3, officer=one) for one in officers if one != bad])
        spoil = (
            "update notice set evidence = 'no evidence' where kind = 'discipline_information' and employee_id = :one"
        )
        assert await change(service, spoil, one=officers[0]) == 1
        await all_rounds(service.app.part(Sender).round)
        query = text("select employee_id, state from notice where kind = 'discipline_information'")
        async with service.context.database.transaction() as session:
            states = {row.employee_id: row.state for row in await session.execute(query)}
        assert states == {officers[0]: "released", officers[2]: "delivered"}
        assert set_aside(service.context.metrics, "delivery") == 1

        # a draft whose revision is already the maximum: the database refuses the next one
        full = "update notice set revision = 2147483647 where state = 'draft' and employee_id = :one"
        assert await change(service, full, one=officers[0]) == 1
        clock.advance(timedelta(days=90))
        await service.app.part(Ageing).round()
        query = text("select employee_id, state from notice where kind = 'reward'")
        async with service.context.database.transaction() as session:
            states = {row.employee_id: row.state for row in await session.execute(query)}
        assert states == {officers[0]: "draft", officers[2]: "expired"}
        assert set_aside(service.context.metrics, "old drafts") == 1


async def test_groups_of_the_others_are_published(embedded_postgres: EmbeddedPostgres) -> None:
    """A box holds answers that the contract does not know, for example from another release."""
    async with office(embedded_postgres) as place:
        other = uuid4()
        await place.hear(employee(other, nip="199001012015011002"))
        await place.votes(MINIMUM)
        await place.votes(MINIMUM, employee_id=str(other))
        target = Target(place.officer, "unit-1", "visit")
        boxes = place.service.app.part(BallotBoxes)
        async with place.service.context.database.transaction() as session:
            content = await boxes.open(session, target)
            wrong = tuple(replace(ballot, ratings={"completion_time": 9}) for ballot in content.waiting)
            await boxes.write(session, target, replace(content, waiting=wrong))
        await place.publish()
        assert {record["employee_id"] for record in await place.ratings()} == {str(other)}
        assert len((await place.content()).waiting) == MINIMUM, "nothing of it is lost"
        assert set_aside(place.service.context.metrics, "publication") == 1
        place.clock.advance(timedelta(days=60))  # the semester is over: remaining ratings go to the units
        await place.publish()
        assert len((await place.content()).waiting) == MINIMUM
