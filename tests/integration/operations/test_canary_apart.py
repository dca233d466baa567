"""The canary in the other services: everyone may read its score, but no list has it and it causes no notice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.notifications.evaluations.evaluation import Evaluation
from services.scoring.scores.publisher import ScorePublisher
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.base.clock import FakeClock
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import ATTENDANCE_DAY, DISCIPLINE, EMPLOYEE, SCORE
from tests.fixtures.records import day, employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.readers import receive

pytestmark = pytest.mark.embedded

NOW = datetime(2026, 8, 10, 3, 0, tzinfo=UTC)
MONDAY = date(2026, 8, 3)


async def empty_outbox(service: Running) -> None:
    """Deletes the outbox rows, like the relay after an acknowledgement."""
    async with service.context.database.transaction() as session:
        await session.execute(text("delete from outbox"))


async def canary_of(service: Running) -> dict[str, Any]:
    answer = await service.http.get("/scores/v1/canary", headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_its_newest_punch_is_published_when_the_broker_has_it(embedded_postgres: EmbeddedPostgres) -> None:
    times = {"first_in": "2026-08-03T00:00:01+07:00", "last_out": "2026-08-03T09:01:00+07:00"}
    async with running_service("scoring", embedded_postgres, clock=FakeClock(NOW)) as service:
        await service.app.part(ScoreUpkeep).round()
        assert (await service.http.get("/scores/v1/canary")).status_code == 404
        tuesday = day(CANARY_EMPLOYEE_ID, MONDAY + timedelta(days=1), status="off", scheduled_minutes=0)
        mine = day(CANARY_EMPLOYEE_ID, MONDAY, **times)
        await receive(service, *(incoming(ATTENDANCE_DAY, one) for one in (mine, tuesday | {"credited_minutes": 0})))
        await service.app.part(ScorePublisher).round()
        found = await canary_of(service)
        assert (found["work_date"], found["revision"], found["published"]) == (str(MONDAY), 1, False)
        await empty_outbox(service)
        found = await canary_of(service)
        assert found["published"] is True
        assert datetime.fromisoformat(found["last_out"]) == datetime.fromisoformat(times["last_out"])
        changed = mine | {"revision": 2, "credited_minutes": 449}
        await receive(service, incoming(ATTENDANCE_DAY, changed))
        assert (await canary_of(service))["published"] is False  # the publisher has not run yet


async def test_it_is_in_no_list_of_scores(embedded_postgres: EmbeddedPostgres) -> None:
    officer = uuid4()
    async with running_service("scoring", embedded_postgres, clock=FakeClock(NOW)) as service:
        await service.app.part(ScoreUpkeep).round()
        await receive(service, *(incoming(ATTENDANCE_DAY, day(who, MONDAY)) for who in (CANARY_EMPLOYEE_ID, officer)))
        items = (await service.http.get("/scores/v1/employees", params={"semester": "2026-S2"})).json()["items"]
        assert [item["employee_id"] for item in items] == [str(officer)]


@pytest.mark.parametrize("officer", [CANARY_EMPLOYEE_ID, uuid4()], ids=["canary", "officer"])
async def test_only_a_person_gets_notices(embedded_postgres: EmbeddedPostgres, officer: UUID) -> None:
    superior = uuid4()
    low = EXAMPLES[SCORE.name][0] | {"employee_id": str(officer), "score": "60.00"}
    alert = EXAMPLES[DISCIPLINE.name][0] | {"employee_id": str(officer)}
    async with running_service("notifications", embedded_postgres, clock=FakeClock(NOW)) as service:
        people = [employee(officer, superior_id=str(superior)), employee(superior, nip="199001012015011002")]
        await receive(service, *(incoming(EMPLOYEE, person) for person in people))
        await receive(service, incoming(SCORE, low), incoming(DISCIPLINE, alert))
        await service.app.part(Evaluation).round()
        kinds = {item["kind"] for item in (await service.http.get("/notices/v1/notices")).json()["items"]}
        assert kinds == (
            set() if officer == CANARY_EMPLOYEE_ID else {"nudge", "discipline_alert", "discipline_information"}
        )


async def test_nobody_visits_it(embedded_postgres: EmbeddedPostgres) -> None:
    async with running_service("feedback", embedded_postgres, clock=FakeClock(NOW)) as service:
        await receive(service, incoming(EMPLOYEE, employee(CANARY_EMPLOYEE_ID)))
        visit = {"employee_id": str(CANARY_EMPLOYEE_ID), "service": "KTP-el"}
        assert (await service.http.post("/feedback/v1/visits", json=visit)).status_code == 422
