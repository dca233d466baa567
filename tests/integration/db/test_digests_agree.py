"""The digests of an owner and its readers agree while they have the same things, and differ as soon as one field differs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.scoring.discipline.publisher import DisciplinePublisher
from services.scoring.scores.publisher import ScorePublisher
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.base.clock import FakeClock
from shared.contracts.topics import ATTENDANCE_DAY, DISCIPLINE, EMPLOYEE, FEEDBACK, SCORE, Topic
from shared.db.digests import Digest, Projection
from tests.fixtures.records import assessment, day, employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.readers import receive

pytestmark = pytest.mark.embedded

NOW = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
PREFIXES = {"scoring": "scores", "feedback": "feedback", "notifications": "notices"}
OFFICER, SUPERIOR = uuid4(), uuid4()
ABSENCE = day(OFFICER, date(2026, 8, 3), status="absent", credited_minutes=0)
READ_FIELDS = {
    "scoring": {"employment_type": "PPPK", "org_unit_id": "unit-2", "superior_id": None},
    "feedback": {"org_unit_id": "unit-2", "superior_id": None, "active_to": date(2026, 9, 1)},
    "notifications": {"superior_id": None, "email": "another@example.go.id", "name": "Lain"},
}
"""Fields of an officer on which a reader's decisions depend."""


@pytest.fixture
async def services(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[dict[str, Running]]:
    clock = FakeClock(NOW)
    async with (
        running_service("scoring", embedded_postgres, clock=clock) as scoring,
        running_service("feedback", embedded_postgres, clock=clock) as feedback,
        running_service("notifications", embedded_postgres, clock=clock) as notifications,
    ):
        await scoring.app.part(ScoreUpkeep).round()
        yield {"scoring": scoring, "feedback": feedback, "notifications": notifications}


async def apply(service: Running, topic: Topic[Any], *records: dict[str, Any]) -> None:
    await receive(service, *(incoming(topic, record) for record in records))


async def sent(service: Running, topic: Topic[Any]) -> list[dict[str, Any]]:
    query = text("select value from outbox where topic = :topic order by id")
    async with service.context.database.transaction() as session:
        return [json.loads(value) for value in (await session.execute(query, {"topic": topic.name})).scalars()]


async def digest(services: dict[str, Running], side: str, topic: Topic[Any], reader: str) -> tuple[int, list[str]]:
    """The number of things and the sums of one side."""
    path = f"/{PREFIXES[side]}/v1/digests/{topic.name}"
    answer = await services[side].http.get(path, params={"reader": reader, "semester": "2026-S2"})
    assert answer.status_code == 200, answer.text
    return answer.json()["things"], answer.json()["buckets"]


def digest_of(topic: Topic[Any], reader: str, *records: dict[str, Any]) -> tuple[int, list[str]]:
    """The digest of an owner that has published these records."""
    found, projection = Digest(), Projection(topic.name, reader)
    for record in records:
        item = projection.item(topic.model.model_validate(record).model_dump(mode="json"))
        assert item is not None
        found.add(item)
    return found.things, [f"{total:016x}" for total in found.sums]


@pytest.mark.parametrize("reader", PREFIXES)
async def test_a_reader_with_another_officer_than_the_owner_differs(services: dict[str, Running], reader: str) -> None:
    officer = employee(OFFICER, superior_id=str(SUPERIOR), email="officer@example.go.id")
    await apply(services[reader], EMPLOYEE, officer)
    right = digest_of(EMPLOYEE, reader, officer)
    assert await digest(services, reader, EMPLOYEE, reader) == right
    for name, value in (READ_FIELDS[reader] | {"revision": 7}).items():
        async with services[reader].context.database.transaction() as session:
            before = (await session.execute(text(f"select {name} from employee"))).scalar_one()
            await session.execute(text(f"update employee set {name} = :value"), {"value": value})
        assert await digest(services, reader, EMPLOYEE, reader) != right, name
        async with services[reader].context.database.transaction() as session:
            await session.execute(text(f"update employee set {name} = :value"), {"value": before})
    assert await digest(services, reader, EMPLOYEE, reader) == right


@pytest.mark.parametrize(
    ("topic", "changes"),
    [
        (ATTENDANCE_DAY, [{"status": "present"}, {"credited_minutes": 1}, {"reasons": ["LATE"]}, {"revision": 1}]),
        (FEEDBACK, [{"state": "withdrawn"}, {"employee_id": str(SUPERIOR)}, {"revision": 1}]),
    ],
    ids=["days", "feedback"],
)
async def test_scoring_with_another_fact_than_the_owner_differs(
    services: dict[str, Running], topic: Topic[Any], changes: list[dict[str, Any]]
) -> None:
    record = (ABSENCE if topic is ATTENDANCE_DAY else assessment(OFFICER)) | {"revision": 2}
    await apply(services["scoring"], topic, record)
    kept = await digest(services, "scoring", topic, "scoring")
    assert kept == digest_of(topic, "scoring", record)
    for change in changes:
        assert kept != digest_of(topic, "scoring", record | change), change


async def test_the_digests_of_what_a_service_publishes_are_those_of_its_reader(services: dict[str, Running]) -> None:
    scoring, feedback, notifications = services.values()
    officer = employee(OFFICER, superior_id=str(SUPERIOR))
    for service in (scoring, feedback):
        await apply(service, EMPLOYEE, officer)
    body = {"assessment_id": str(uuid4()), "employee_id": str(OFFICER), "assessor_id": str(SUPERIOR)}
    assert (await feedback.http.post("/feedback/v1/assessments", json=body | {"work_quality": "80"})).is_success
    await apply(scoring, FEEDBACK, *await sent(feedback, FEEDBACK))
    await apply(scoring, ATTENDANCE_DAY, ABSENCE)
    await scoring.app.part(ScorePublisher).round()
    await scoring.app.part(DisciplinePublisher).round()
    for topic, owner, reader in (
        (FEEDBACK, "feedback", "scoring"),
        (SCORE, "scoring", "notifications"),
        (DISCIPLINE, "scoring", "notifications"),
    ):
        if reader == "notifications":
            assert (await digest(services, reader, topic, reader))[0] == 0
            await apply(notifications, topic, *await sent(scoring, topic))
        of_owner = await digest(services, owner, topic, reader)
        assert of_owner[0] == 1
        assert await digest(services, reader, topic, reader) == of_owner
