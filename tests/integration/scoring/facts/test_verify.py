"""`kinerja scores verify` sees every kind of damage to facts, totals and scores."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.scoring.policy.policies import PolicyBook
from services.scoring.scores.upkeep import ScoreUpkeep
from services.scoring.totals.rules.contribution import TOTALS
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE, FEEDBACK
from tests.fixtures.records import assessment, day, employee, incoming, rating
from tests.fixtures.services import Running, running_service
from tests.integration.readers import receive

pytestmark = pytest.mark.embedded

TABLES = ("day_fact", "feedback_fact", "semester_total", "held_rating")
DAMAGES = {
    "a total is missing": "delete from semester_total",
    "all facts of an officer are missing": "delete from day_fact; delete from feedback_fact",
    "a day is missing": "delete from day_fact",
    "a feedback is missing": "delete from feedback_fact where feedback_id = (select feedback_id from feedback_fact limit 1)",
    "a day contributes something else": "update day_fact set credited_minutes = credited_minutes - 1",
    "a day is in another semester": "update day_fact set semester = semester - 1",
    "a feedback contributes something else": "update feedback_fact set totals[1] = totals[1] + 1",
    "a feedback is in another semester": "update feedback_fact set semester = semester - 1",
    "a feedback belongs to another officer": "update feedback_fact set employee_id = gen_random_uuid()",
    "the score is another one": "update semester_total set score = score - 1",
    "the score is missing": "update semester_total set score = null",
    "the band is another one": "update semester_total set band = 'KURANG'",
    "a partial score is called complete": "update semester_total set complete = not complete",
    "the officer's unit has another mean": "insert into unit_prior (semester, org_unit_id, prior) values (4053, 'unit-1', '1.5')",
}  # fmt: skip
EACH_TOTAL = f"update semester_total set {', '.join(f'{name} = {name} + 1' for name in TOTALS)}"


async def verified(service: Running) -> dict[str, Any]:
    answer = await service.http.post("/scores/v1/verify")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_verify_sees_each_damage(embedded_postgres: EmbeddedPostgres) -> None:
    officer = uuid4()
    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        records = [incoming(EMPLOYEE, employee(officer)), incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 3)))]
        records += [incoming(FEEDBACK, rating(officer, 3)) for _ in range(10)]
        records.append(incoming(FEEDBACK, assessment(officer)))

        async def run(*statements: str) -> None:
            async with service.context.database.transaction() as session:
                for statement in statements:
                    await session.execute(text(statement))

        await receive(service, *records)
        await run(*(f"create table kept_{table} as table {table}" for table in TABLES))
        assert (await verified(service))["ok"]
        blind = []
        for name, damage in DAMAGES.items():
            await run(*damage.split("; "))
            service.app.part(PolicyBook).invalidate()
            found = await verified(service)
            if found["ok"] or not found["differences"]:
                blind.append(name)
            await run(f"truncate {', '.join(TABLES)}, unit_prior")
            await run(*(f"insert into {table} select * from kept_{table}" for table in TABLES))
            service.app.part(PolicyBook).invalidate()
        assert (await verified(service))["ok"]
        assert blind == []
        await run(EACH_TOTAL)
        differences = (await verified(service))["differences"]
        assert [name for name in TOTALS if not any(f"{name} is" in one for one in differences)] == []
