"""Visits and votes: one vote for each visit, anonymous, for any input."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import orjson
import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.feedback.people.consumer import handle
from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes, Target
from services.feedback.ratings.rules.ballots import Content
from services.feedback.visits.retention import VisitRetention
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, running_service

NOW = datetime(2026, 8, 4, 3, 15, tzinfo=UTC)
OFFICER, SUPERIOR = uuid4(), uuid4()
GOOD = {"completion_time": "4", "product": "3", "officer_competence": "4", "officer_conduct": ""}


@pytest.fixture
async def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
async def feedback(embedded_postgres: EmbeddedPostgres, clock: FakeClock) -> AsyncIterator[Running]:
    async with running_service("feedback", embedded_postgres, clock=clock) as service:
        async with service.context.database.transaction() as session:
            people = [employee(OFFICER, superior_id=str(SUPERIOR)), employee(SUPERIOR, nip="199001012015011002")]
            assert not await handle(session, [incoming(EMPLOYEE, person) for person in people])
        yield service


async def visit(service: Running, **changes: object) -> str:
    body = {"employee_id": str(OFFICER), "service": "KTP-el"} | changes
    answer = await service.http.post("/feedback/v1/visits", json=body)
    assert answer.status_code == 201, answer.text
    return str(urlsplit(answer.json()["url"]).path)


async def content(service: Running) -> Content:
    """The opened box of the officer."""
    async with service.context.database.transaction() as session:
        found: Content = await service.app.part(BallotBoxes).open(session, Target(OFFICER, "unit-1", "visit"))
        return found


async def published(service: Running) -> list[dict[str, object]]:
    async with service.context.database.transaction() as session:
        rows = await session.execute(text("select value from outbox where topic = 'asn.feedback.v1' order by id"))
        return [orjson.loads(value) for value in rows.scalars()]


async def test_of_twenty_simultaneous_votes_one_counts(feedback: Running) -> None:
    path = await visit(feedback)
    answers = await asyncio.gather(*(feedback.http.post(path, data=GOOD) for _ in range(20)))
    assert sorted({answer.status_code for answer in answers}) == [200, 410]
    assert sum(answer.status_code == 200 for answer in answers) == 1
    [ballot] = (await content(feedback)).waiting
    assert ballot.ratings == {"completion_time": 4, "product": 3, "officer_competence": 4}
    assert (ballot.day.isoformat(), ballot.published_before) == ("2026-08-04", False)
    assert await published(feedback) == []


async def test_the_form_is_indonesian_and_explains_why_a_link_does_not_open(
    feedback: Running, clock: FakeClock
) -> None:
    path = await visit(feedback)
    page = await feedback.http.get(path)
    assert page.status_code == 200
    assert "Kirim penilaian" in page.text
    assert "<script" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert (await feedback.http.get("/f/unknown")).status_code == 404
    clock.advance(timedelta(days=8))
    for answer in (await feedback.http.get(path), await feedback.http.post(path, data=GOOD)):
        assert answer.status_code == 410
        assert "kedaluwarsa" in answer.text
    assert (await content(feedback)).waiting == ()


@pytest.mark.parametrize(
    "body",
    [
        b"completion_time=5",
        b"completion_time=0",
        b"completion_time=four",
        b"",
        b"\xff\xfe\x00",
        b"completion_time=%00",
        b"{}",
        b"a=1&" * 60,
    ],
)
async def test_invalid_answers_return_the_form(feedback: Running, body: bytes) -> None:
    path = await visit(feedback)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await feedback.http.post(path, content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert (await feedback.http.post(path, data=GOOD)).status_code == 200


async def test_a_link_opens_for_the_requested_hours(feedback: Running, clock: FakeClock) -> None:
    short, default = await visit(feedback, valid_hours=2), await visit(feedback)
    clock.advance(timedelta(hours=2))
    assert [(await feedback.http.post(path, data=GOOD)).status_code for path in (short, default)] == [410, 200]


async def test_the_same_idempotency_key_returns_the_same_link(feedback: Running) -> None:
    one, two = [(await keyed_visit(feedback)).json() for _ in "12"]
    assert one == two
    other = await keyed_visit(feedback, service="KK")
    assert other.status_code == 422


async def keyed_visit(running: Running, **changes: object) -> httpx.Response:
    body = {"employee_id": str(OFFICER), "service": "KTP-el"} | changes
    return await running.http.post("/feedback/v1/visits", json=body, headers={"Idempotency-Key": "ticket-17"})


@pytest.mark.parametrize("cause", ["was used", "has expired", "earlier link_key"])
async def test_the_same_idempotency_key_never_returns_a_dead_link(
    feedback: Running, clock: FakeClock, embedded_postgres: EmbeddedPostgres, cause: str
) -> None:
    link = (await keyed_visit(feedback)).json()["url"]
    changes: dict[str, object] = {}
    if cause == "was used":
        assert (await feedback.http.post(urlsplit(link).path, data=GOOD)).status_code == 200
    elif cause == "has expired":
        clock.advance(timedelta(hours=168))
    else:
        changes["link_key"] = "another-link-key-of-the-tests"
    database = feedback.context.settings.database
    async with running_service("feedback", embedded_postgres, clock=clock, database_url=database, **changes) as service:
        answer = await keyed_visit(service)
        assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
        assert cause in answer.json()["detail"]
        assert "new Idempotency-Key" in answer.json()["detail"]
        status = (await service.http.get(urlsplit(link).path)).status_code
        assert status == (404 if cause == "earlier link_key" else 410)


async def test_visits_are_deleted_after_the_retention(feedback: Running, clock: FakeClock) -> None:
    used, open_one = await visit(feedback), await visit(feedback)
    assert (await feedback.http.post(used, data=GOOD)).status_code == 200
    rules = feedback.app.part(BallotBoxes).rules

    async def visits() -> int:
        assert not await feedback.app.part(VisitRetention).round()
        async with feedback.context.database.transaction() as session:
            return int((await session.execute(text("select count(*) from visit"))).scalar_one())

    clock.advance(timedelta(hours=168) + rules.visit_retention)
    assert await visits() == 2
    late = await visit(feedback)
    clock.advance(timedelta(seconds=1))
    assert await visits() == 1
    assert [(await feedback.http.get(path)).status_code for path in (used, open_one, late)] == [404, 404, 200]
    assert len((await content(feedback)).waiting) == 1  # deleting the visit does not delete the vote


async def test_only_the_direct_superior_assesses_and_a_correction_is_a_revision(feedback: Running) -> None:
    body = {"assessment_id": str(uuid4()), "employee_id": str(OFFICER), "work_quality": "80.5"}
    refused = await feedback.http.post("/feedback/v1/assessments", json=body | {"assessor_id": str(OFFICER)})
    assert refused.status_code == 403
    body["assessor_id"] = str(SUPERIOR)
    for points, revision in (("80.5", 1), ("80.5", 1), ("90", 2)):
        answer = await feedback.http.post("/feedback/v1/assessments", json=body | {"work_quality": points})
        assert answer.status_code == 200, answer.text
        assert answer.json()["revision"] == revision
    assert [record["revision"] for record in await published(feedback)] == [1, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"work_quality": "101"},
        {"work_quality": "80.555"},
        {"work_quality": None},
        {"employee_id": "x"},
        {"employee_id": str(uuid4())},
        {"given_at": "1900-01-01T00:00:00Z"},
        {"given_at": "0001-01-01T00:00:00+14:00"},
        {"given_at": "9999-12-31T23:59:59-12:00"},
        {"given_at": "2026-08-05T00:00:00Z"},
        {"unknown": 1},
        {"assessment_id": "\x00"},
    ],
)
async def test_invalid_assessments_are_refused_with_a_message(feedback: Running, changes: dict[str, object]) -> None:
    body = {
        "assessment_id": str(uuid4()),
        "employee_id": str(OFFICER),
        "assessor_id": str(SUPERIOR),
        "work_quality": "80",
    }
    answer = await feedback.http.post("/feedback/v1/assessments", json=body | changes)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_key_assesses_only_for_its_own_officer(feedback: Running) -> None:
    new = {"name": "head", "scopes": ["assessments:write"], "employee_id": str(SUPERIOR)}
    token = (await feedback.http.post("/feedback/v1/api-keys", json=new)).json()["token"]
    body = {"assessment_id": str(uuid4()), "employee_id": str(OFFICER), "work_quality": "80"}
    headers = {"Authorization": f"Bearer {token}"}
    assert (await feedback.http.post("/feedback/v1/assessments", json=body, headers=headers)).status_code == 200
    visit_body = {"employee_id": str(OFFICER), "service": "KTP-el"}
    assert (await feedback.http.post("/feedback/v1/visits", json=visit_body, headers=headers)).status_code == 403
    nobody = {"Authorization": "Bearer nobody"}
    assert (await feedback.http.post("/feedback/v1/visits", json=visit_body, headers=nobody)).status_code == 401
