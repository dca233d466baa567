"""Republishing continues to the last record, however many pages they fill: a reader that lost records gets all of them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.attendance.operations import republish as publish
from services.feedback.ratings import republish as feedback
from services.notifications.notices import republish as notices
from services.scoring.discipline.publisher import DisciplinePublisher
from services.scoring.operations.queries import ROUND_ROWS_MAX
from services.scoring.scores.publisher import ScorePublisher
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE
from tests.fixtures.records import day, employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.attendance.city import city, person
from tests.integration.feedback.office import MINIMUM, office
from tests.integration.notifications.desk import apply
from tests.integration.notifications.notice_records import absences

pytestmark = pytest.mark.embedded


async def execute(service: Running, statement: str) -> Any:
    async with service.context.database.transaction() as session:
        return await session.execute(text(statement))


async def republished(service: Running, path: str) -> dict[str, int]:
    """How many events per topic a republish adds to an empty outbox."""
    await execute(service, "delete from outbox")
    answer = await service.http.post(path)
    assert answer.is_success, answer.text
    rows = await execute(service, "select topic, count(*) from outbox group by 1")
    return {str(topic): int(count) for topic, count in rows}


async def test_officers_and_days(embedded_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "EMPLOYEES_AT_A_TIME", 2)
    monkeypatch.setattr(publish, "DAYS_AT_A_TIME", 2)
    async with city(embedded_postgres) as town:
        await town.import_lines(*(person(nip=f"19960818202204100{number}") for number in range(1, 6)))
        await town.close()
        days = len(await town.rows("select 1 from attendance_day"))
        assert days > 5, "an officer's days are on several pages"
        found = await republished(town.service, "/attendance/v1/republish")
        assert found == {"asn.employee.v1": 5, "asn.attendance-day.v1": days}


async def test_feedback(embedded_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "AT_A_TIME", 2)
    async with office(embedded_postgres) as place:
        await place.votes(MINIMUM)
        await place.publish()
        assert await republished(place.service, "/feedback/v1/republish") == {"asn.feedback.v1": MINIMUM}


async def test_notices(embedded_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "AT_A_TIME", 2)
    async with running_service("notifications", embedded_postgres) as service:
        officers = [uuid4() for _ in range(5)]
        people = [employee(one, nip=f"19900101201501100{number}") for number, one in enumerate(officers)]
        await apply(service, [incoming(EMPLOYEE, record) for record in people])
        await apply(service, [absences(3, officer=officer) for officer in officers])
        assert await republished(service, "/notices/v1/republish") == {"asn.notice.v1": len(officers)}


def copies_of(table: str, count: int) -> str:
    """The table's only row for so many further officers."""
    return (
        f"insert into {table} select (jsonb_populate_record(null::{table},"
        f" to_jsonb(one) || jsonb_build_object('employee_id', gen_random_uuid()))).*"
        f" from {table} one, generate_series(1, {count})"
    )


async def test_scores_and_years(embedded_postgres: EmbeddedPostgres) -> None:
    several_pages = 2 * ROUND_ROWS_MAX + 1
    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        records = [incoming(ATTENDANCE_DAY, day(uuid4(), date(2026, 8, 3), status="absent", credited_minutes=0))]
        await apply(service, records)
        await service.app.part(ScorePublisher).round()
        await service.app.part(DisciplinePublisher).round()
        for table in ("published_score", "discipline_year"):
            await execute(service, copies_of(table, several_pages - 1))
        found = await republished(service, "/scores/v1/republish")
        assert found == {"asn.score.v1": several_pages, "asn.discipline.v1": several_pages}
