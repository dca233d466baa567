"""Facts, totals and scores in the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.scoring.scores.upkeep import ScoreUpkeep
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE, FEEDBACK
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import assessment, day, employee, incoming, rating
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.backends import Postgres
from tests.integration.readers import handler_of

SEMESTER = "2026-S2"
POLICY = Path(__file__).resolve().parents[4] / "rules/scoring/default.yaml"


@pytest.fixture
async def scoring(postgres: Postgres) -> AsyncIterator[Running]:
    async with running_service("scoring", postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        yield service


async def apply(service: Running, records: Sequence[Incoming]) -> Sequence[Parked]:
    async with service.context.database.transaction() as session:
        parked: Sequence[Parked] = await handler_of(service)(session, records)
        await service.context.dead_letters.park(session, parked)
        return parked


async def explanation(service: Running, employee_id: UUID) -> dict[str, Any]:
    answer = await service.http.get(f"/scores/v1/employees/{employee_id}", params={"semester": SEMESTER})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def verified(service: Running) -> bool:
    answer = await service.http.post("/scores/v1/verify")
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["ok"])


async def test_score_moves_with_each_revision_and_explains_itself(scoring: Running) -> None:
    officer = uuid4()
    monday = date(2026, 8, 3)
    await apply(scoring, [incoming(EMPLOYEE, employee(officer))])
    await apply(scoring, [incoming(ATTENDANCE_DAY, day(officer, monday + timedelta(days=n))) for n in range(4)])
    await apply(scoring, [incoming(FEEDBACK, rating(officer)) for _ in range(10)])
    await apply(scoring, [incoming(FEEDBACK, assessment(officer))])
    before = await explanation(scoring, officer)
    assert before["complete"]
    assert len(before["facts"]["days"]) == 4
    assert before["indicators"][0] | {"parts": []} == {
        "name": "attendance",
        "state": "assessed",
        "value": "100.00",
        "weight": "0.40",
        "effective_weight": "0.4000",
        "n": 4,
        "numerator": 1800,
        "denominator": 1800,
        "interval": None,
        "parts": [],
    }

    late = day(officer, monday, revision=2, credited_minutes=225, late_minutes=225)
    await apply(scoring, [incoming(ATTENDANCE_DAY, late), incoming(ATTENDANCE_DAY, day(officer, monday))])
    after = await explanation(scoring, officer)
    assert after["indicators"][0]["numerator"] == 1575
    assert float(after["score"]) < float(before["score"])
    assert await verified(scoring)


async def test_feedback_that_changes_officer_and_semester_moves_its_points(scoring: Running) -> None:
    first, second = uuid4(), uuid4()
    record = rating(first, 3)
    await apply(scoring, [incoming(FEEDBACK, record)])
    moved = record | {"revision": 2, "employee_id": str(second), "given_at": "2026-06-30T23:00:00+07:00"}
    await apply(scoring, [incoming(FEEDBACK, moved)])
    await apply(scoring, [incoming(FEEDBACK, record)])  # late
    async with scoring.context.database.transaction() as session:
        rows = await session.execute(text("select employee_id, semester, citizen_ratings from semester_total"))
        counts = {(row.employee_id, row.semester): row.citizen_ratings for row in rows}
    assert counts == {(first, 4053): 0, (second, 4052): 1}
    assert await verified(scoring)


async def test_bad_records_are_parked_and_the_good_ones_of_the_batch_count(scoring: Running) -> None:
    officer = uuid4()
    good = incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 3)))
    bad = [
        incoming(ATTENDANCE_DAY, b"{not json"),
        incoming(ATTENDANCE_DAY, None),
        incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 4), revision=0)),
        incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 4), credited_minutes=451)),
        incoming(FEEDBACK, rating(officer, 5)),
        incoming(FEEDBACK, rating(officer, given_at="2026-08-04T10:15:00")),
        incoming(EMPLOYEE, employee(officer, nip="1234")),
        incoming(ATTENDANCE_DAY, b"\xff\xfe\x00"),
    ]
    parked = await apply(scoring, [*bad[:4], good, *bad[4:]])
    assert sorted((item.record for item in parked), key=lambda record: record.offset) == bad
    assert len((await explanation(scoring, officer))["facts"]["days"]) == 1

    listed = (await scoring.http.get("/scores/v1/dead-letters")).json()["items"]
    assert len(listed) == len(bad)
    first = listed[0]
    path = f"/scores/v1/dead-letters/{first['topic']}/{first['partition']}/{first['offset']}"
    assert (await scoring.http.get(path)).json()["value_text"] == "{not json"
    refused = await scoring.http.post(f"{path}/release")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"


async def test_a_record_that_the_service_failed_at_is_released_once_the_service_is_mended(scoring: Running) -> None:
    officer = uuid4()
    record = incoming(FEEDBACK, rating(officer, given_at="2019-05-06T10:15:00+07:00"))  # before any policy
    async with scoring.context.database.transaction() as session:
        await scoring.context.dead_letters.park(session, [Parked(record, "HANDLER_FAILED", "PolicyError")])
    path = f"/scores/v1/dead-letters/{record.topic}/{record.partition}/{record.offset}/release"
    refused = await scoring.http.post(path)
    assert refused.status_code == 409
    assert "HANDLER_FAILED: PolicyError" in refused.json()["detail"]
    assert len((await scoring.http.get("/scores/v1/dead-letters")).json()["items"]) == 1

    earlier = POLICY.read_text().replace("version: 1", "version: 2").replace("from: 2020-01-01", "from: 2019-01-01")
    assert (await scoring.http.post("/scores/v1/policies", content=earlier)).status_code == 201
    assert (await scoring.http.post(path)).json()["released"]
    assert (await scoring.http.get("/scores/v1/dead-letters")).json()["items"] == []
    assert await verified(scoring)


async def test_the_list_of_scores_goes_on_from_page_to_page(scoring: Running) -> None:
    officers = sorted(str(uuid4()) for _ in range(5))
    await apply(scoring, [incoming(ATTENDANCE_DAY, day(UUID(one), date(2026, 8, 3))) for one in officers])
    seen: list[str] = []
    after: str | None = None
    while True:
        query = {"semester": SEMESTER, "limit": 2} | ({"after": after} if after else {})
        answer = await scoring.http.get("/scores/v1/employees", params=query)
        assert answer.status_code == 200, answer.text
        seen += [item["employee_id"] for item in answer.json()["items"]]
        after = answer.json()["next"]
        if after is None:
            break
    assert seen == officers
