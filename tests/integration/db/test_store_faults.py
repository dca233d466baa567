"""The store fails in the middle of a transaction: nothing of it stays, nothing is parked, and the next try does it whole."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.attendance.days.scheduler import DayScheduler
from services.notifications.evaluations.evaluation import Evaluation
from services.scoring.discipline.publisher import DisciplinePublisher
from services.scoring.scores.changed_rows import ChangedRowPublisher
from services.scoring.scores.publisher import ScorePublisher
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.base.clock import FakeClock
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE
from shared.db.database import is_transient
from shared.messaging.consuming.batch_work import BatchWork
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import Incoming
from shared.messaging.consuming.poison_limit import PoisonLimit
from tests.fixtures.faults.store_faults import CANCELLED, ENDED, blocked, cut_off_at, until_waiting
from tests.fixtures.records import day, employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.attendance.city import city, person
from tests.integration.feedback.office import MINIMUM, office
from tests.integration.notifications.desk import NOW, weeks
from tests.integration.notifications.notice_records import score
from tests.integration.readers import handler_of

pytestmark = pytest.mark.embedded

MONDAY = date(2026, 8, 3)
FAULTS = pytest.mark.parametrize("how", [ENDED, CANCELLED], ids=["session ended", "statement cancelled"])


async def rows(service: Running, query: str, **values: Any) -> list[tuple[Any, ...]]:
    async with service.context.database.transaction() as session:
        return [tuple(row) for row in (await session.execute(text(query), values)).all()]


async def sent(service: Running, topic: str) -> list[Any]:
    """The records of the topic in the outbox, in their order."""
    found = await rows(service, "select value from outbox where topic = :topic order by id", topic=topic)
    return [orjson.loads(value) for (value,) in found]


def consumer_of(service: Running) -> BatchWork:
    """What the service's consumer does with a batch."""
    context = service.context
    return BatchWork(context.database, context.dead_letters, handler_of(service), PoisonLimit(100))


def absences(*officers: Any) -> Sequence[Incoming]:
    return [incoming(ATTENDANCE_DAY, day(one, MONDAY, status="absent", credited_minutes=0)) for one in officers]


async def test_a_batch_that_ends_in_a_deadlock_parks_nothing_and_counts_once(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    first, second = sorted((uuid4(), uuid4()))
    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        consumer = consumer_of(service)
        await consumer.apply(absences(first, second))
        records = [incoming(ATTENDANCE_DAY, day(one, MONDAY, 2, credited_minutes=225)) for one in (first, second)]
        lock = "select 1 from day_fact where employee_id = :officer for update"
        async with blocked(service, lock, officer=second) as other:
            await other.execute(text("set local deadlock_timeout = '1h'"))  # the consumer is the one that gives way
            batch = asyncio.ensure_future(consumer.apply(records))
            await until_waiting(other)  # it has written the first officer's day
            await other.execute(text(lock), {"officer": first})
            with pytest.raises(Exception, match="deadlock") as failed:
                await batch
        assert is_transient(failed.value)
        assert await rows(service, "select sum(credited_minutes) from semester_total") == [(0,)]
        await consumer.apply(records)
        assert await rows(service, "select sum(credited_minutes) from semester_total") == [(450,)]
        assert await rows(service, "select 1 from parked_record") == []


@FAULTS
async def test_a_batch_that_is_cut_off_while_it_parks_is_applied_whole_later(
    embedded_postgres: EmbeddedPostgres, how: str
) -> None:
    officer = uuid4()
    batch = [*absences(officer), incoming(ATTENDANCE_DAY, b"{not json")]
    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        consumer = consumer_of(service)
        fault = await cut_off_at(service, "outbox", lambda: consumer.apply(batch), how)
        assert is_transient(fault)
        left = "select (select count(*) from day_fact), (select count(*) from parked_record)"
        assert await rows(service, left) == [(0, 0)]
        await consumer.apply(batch)
        assert await rows(service, left) == [(1, 1)]
        assert len(await sent(service, "asn.dead-letter.v1")) == 1


@FAULTS
async def test_a_release_that_is_cut_off_answers_503_and_the_record_still_waits(
    embedded_postgres: EmbeddedPostgres, how: str
) -> None:
    record = incoming(EMPLOYEE, employee(uuid4()))
    async with running_service("scoring", embedded_postgres) as service:
        async with service.context.database.transaction() as session:
            await service.context.dead_letters.park(session, [Parked(record, "NOT_VALID", "an older release")])
        path = f"/scores/v1/dead-letters/{record.topic}/{record.partition}/{record.offset}/release"

        async def release() -> httpx.Response:
            return await service.http.post(path)

        answer = await cut_off_at(service, "employee", release, how)
        assert answer.status_code == 503, answer.text
        assert await rows(service, "select released_at from parked_record") == [(None,)]
        assert (await release()).status_code == 200
        assert await rows(service, "select count(*) from employee") == [(1,)]


async def test_days_that_are_cut_off_stay_queued_and_are_published_once(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres) as town:
        await town.import_lines(person())
        await town.service.app.part(DayScheduler).round()
        queued = await rows(town.service, "select work_date from day_queue order by 1")
        assert is_transient(await cut_off_at(town.service, "outbox", town.work))
        assert await rows(town.service, "select work_date from day_queue order by 1") == queued
        assert await rows(town.service, "select 1 from attendance_day") == []
        await town.work()
        published = await sent(town.service, "asn.attendance-day.v1")
        assert [(record["work_date"], record["revision"]) for record in published] == [
            (str(work_date), 1) for (work_date,) in queued
        ]


@pytest.mark.parametrize(
    ("publisher", "topic"), [(ScorePublisher, "asn.score.v1"), (DisciplinePublisher, "asn.discipline.v1")]
)
async def test_records_that_are_cut_off_stay_due_and_are_published_once(
    embedded_postgres: EmbeddedPostgres, publisher: type[ChangedRowPublisher], topic: str
) -> None:
    officers = sorted((uuid4(), uuid4()))
    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        await consumer_of(service).apply(absences(*officers))
        work = service.app.part(publisher).round
        assert is_transient(await cut_off_at(service, "outbox", work))
        assert await sent(service, topic) == []
        await work()
        await work()
        records = await sent(service, topic)
        assert [(record["employee_id"], record["revision"]) for record in records] == [(str(o), 1) for o in officers]


async def test_a_group_of_ratings_that_is_cut_off_stays_in_its_box(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(MINIMUM)
        assert is_transient(await cut_off_at(place.service, "outbox", place.publish))
        assert len((await place.content()).waiting) == MINIMUM
        assert await place.ratings() == []
        await place.publish()
        assert (await place.content()).waiting == ()
        assert len(await place.ratings()) == MINIMUM


async def test_an_evaluation_that_is_cut_off_is_made_once_later(embedded_postgres: EmbeddedPostgres) -> None:
    clock = FakeClock(NOW)
    async with running_service("notifications", embedded_postgres, clock=clock) as service:
        await consumer_of(service).apply([incoming(EMPLOYEE, employee(uuid4())), score("91.00")])
        evaluated = "select count(distinct evaluated_at) from evaluation"
        assert is_transient(await cut_off_at(service, "evaluation", service.app.part(Evaluation).round))
        assert await rows(service, evaluated) == [(0,)]
        await weeks(service, clock, 2)
        assert await rows(service, evaluated) == [(2,)]
