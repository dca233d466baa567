"""Policies by decree and date: a new one rescores its period, and the start of a semester fixes the units' priors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import yaml
from sqlalchemy import text

from services.scoring.policy.policies import load_defaults
from services.scoring.scores.publisher import ScorePublisher
from services.scoring.scores.rescore import CACHES_END_SECONDS, ROWS_MAX
from services.scoring.scores.upkeep import ScoreUpkeep
from services.scoring.settings import Settings
from shared.base.clock import FakeClock
from shared.base.rule_documents import DOCUMENT_BYTES_MAX
from shared.contracts.semester import Semester
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE, FEEDBACK
from shared.db.database import is_transient
from shared.errors.errors import UnavailableError
from shared.messaging.consuming.batch_work import BatchWork
from shared.messaging.consuming.poison_limit import PoisonLimit
from tests.fixtures.faults.store_faults import cut_off_at
from tests.fixtures.records import assessment, day, employee, incoming, rating
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.backends import Postgres
from tests.fixtures.stores.postgres import migrated_database
from tests.integration.readers import handler_of, receive

DEFAULT = Path(__file__).resolve().parents[4] / "rules/scoring/default.yaml"
YAML = {"Content-Type": "application/yaml"}
MORE_ATTENDANCE = {"attendance": "0.60", "work_quality": "0.20", "public_communication": "0.20"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 9, 1, 3, 0, tzinfo=UTC))


@pytest.fixture
async def scoring(postgres: Postgres, clock: FakeClock) -> AsyncIterator[Running]:
    async with running_service("scoring", postgres, clock=clock) as service:
        await service.app.part(ScoreUpkeep).round()
        yield service


def policy(**changes: Any) -> str:
    return yaml.safe_dump(yaml.safe_load(DEFAULT.read_text()) | {"version": 2, "decree": "Perwako 1/2026"} | changes)


async def fill(service: Running, officer: UUID) -> None:
    """Attendance 100, supervisors 80 and 90, ten ratings of 4, in both semesters of 2026."""
    records = [incoming(EMPLOYEE, employee(officer))]
    for month, given_at in ((2, "2026-02-10T10:15:00+07:00"), (8, "2026-08-04T10:15:00+07:00")):
        records.append(incoming(ATTENDANCE_DAY, day(officer, date(2026, month, 3))))
        records += [incoming(FEEDBACK, rating(officer, given_at=given_at)) for _ in range(10)]
        records.append(incoming(FEEDBACK, assessment(officer, given_at=given_at)))
    await receive(service, *records)


async def score_of(service: Running, officer: UUID, semester: str) -> dict[str, Any]:
    answer = await service.http.get(f"/scores/v1/employees/{officer}", params={"semester": semester})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def published(service: Running, officer: UUID) -> list[tuple[str, int, int]]:
    """(semester, revision, policy version) of each record in the outbox."""
    query = text(
        "select value::text from (select convert_from(value, 'UTF8')::json as value from outbox"
        " where topic = 'asn.score.v1' order by id) as records"
    )
    async with service.context.database.transaction() as session:
        rows = [yaml.safe_load(row[0]) for row in await session.execute(query)]
    return [
        (row["semester"], row["revision"], row["policy"]["version"])
        for row in rows
        if row["employee_id"] == str(officer)
    ]


async def test_a_new_policy_moves_the_semesters_it_governs_and_no_other(scoring: Running) -> None:
    officer = uuid4()
    await fill(scoring, officer)
    await scoring.app.part(ScorePublisher).round()
    before = {name: await score_of(scoring, officer, name) for name in ("2026-S1", "2026-S2")}
    new = policy(effective_from=date(2026, 7, 1), weights=MORE_ATTENDANCE)
    answer = await scoring.http.post("/scores/v1/policies", content=new, headers=YAML)
    assert (answer.status_code, answer.json()["rescored"]) == (201, 1)
    await scoring.app.part(ScorePublisher).round()
    after = {name: await score_of(scoring, officer, name) for name in ("2026-S1", "2026-S2")}
    assert after["2026-S1"]["score"] == before["2026-S1"]["score"]
    assert float(after["2026-S2"]["score"]) > float(
        before["2026-S2"]["score"]
    )  # attendance is complete and has more weight now
    assert await published(scoring, officer) == [("2026-S1", 1, 1), ("2026-S2", 1, 1), ("2026-S2", 2, 2)]
    assert (await scoring.http.post("/scores/v1/verify")).json()["ok"]


async def test_a_policy_dated_inside_a_semester_waits_for_the_next(scoring: Running) -> None:
    officer = uuid4()
    await fill(scoring, officer)
    before = await score_of(scoring, officer, "2026-S2")
    new = policy(effective_from=date(2026, 7, 2), weights=MORE_ATTENDANCE)
    assert (await scoring.http.post("/scores/v1/policies", content=new, headers=YAML)).status_code == 201
    assert (await score_of(scoring, officer, "2026-S2"))["score"] == before["score"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("{", 422, "YAML"),
        ("- 1", 422, "mapping"),
        ('{"\\ud800": 1}', 422, "YAML"),
        ("[" * 20_000, 422, "nesting"),
        ('{"a":' * 900, 422, "too deep"),
        ("- " * 49_000, 422, "too deep"),
        ("x" * (DOCUMENT_BYTES_MAX + 1), 422, "Correct the body"),
        (policy(weights={"attendance": "0.5", "work_quality": "0.5", "public_communication": "0.5"}), 422, "1"),
        (policy(minimum_ratings=0), 422, "minimum_ratings must be a whole number from 1 to 10000, not 0"),
        (policy(version=1), 409, "new version"),
    ],
)
async def test_a_wrong_policy_is_refused_with_an_explanation(
    scoring: Running, body: str, status: int, words: str
) -> None:
    answer = await scoring.http.post("/scores/v1/policies", content=body, headers=YAML)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]
    assert len((await scoring.http.get("/scores/v1/policies")).json()) == 1


async def test_every_error_of_a_wrong_policy_has_its_line_and_its_field(scoring: Running) -> None:
    wrong = DEFAULT.read_text().replace('  attendance: "0.40"', "  attendance: 0.40").replace("parts:", "part:")
    answer = await scoring.http.post("/scores/v1/policies", content=wrong, headers=YAML)
    assert answer.status_code == 422
    [unknown] = answer.json()["errors"]
    line = wrong.splitlines().index('part: # placeholder; each pair sums to exactly 1, a part of "0" is not used') + 1
    assert (unknown["line"], unknown["at"]) == (line, "part")
    assert unknown["message"].startswith("unknown part; known are bands, counter_weight")
    assert answer.json()["detail"].startswith(f"policy: line {line}: unknown part; ")
    again = wrong.replace("part:", "parts:").replace("counter_weight:", "counter_weight: 2 #")
    answer = await scoring.http.post("/scores/v1/policies", content=again, headers=YAML)
    assert [error["at"] for error in answer.json()["errors"]] == ["weights.attendance", "counter_weight"]
    assert [again.splitlines()[error["line"] - 1].split(":")[0].strip() for error in answer.json()["errors"]] == [
        "attendance",
        "counter_weight",
    ]


async def store_score(service: Running, officer: UUID, score: str) -> None:
    """Stores the score of 2026-S2 that a process with the former policy computed."""
    late = text("update semester_total set score = :score where employee_id = :officer and semester = :semester")
    async with service.context.database.transaction() as session:
        values = {"score": round(float(score) * 100), "officer": officer, "semester": Semester.parse("2026-S2").number}
        await session.execute(late, values)


async def test_a_semester_opens_with_its_units_mean_of_the_one_before(scoring: Running, clock: FakeClock) -> None:
    loved, other = uuid4(), uuid4()
    await fill(scoring, loved)
    await receive(scoring, incoming(EMPLOYEE, employee(other, nip="199001012015011002", org_unit_id="unit-2")))
    clock.set(datetime(2027, 1, 1, 0, 0, tzinfo=UTC))
    await scoring.app.part(ScoreUpkeep).round()
    january = "2027-01-05T10:15:00+07:00"
    for officer, unit in ((loved, "unit-1"), (other, "unit-2")):
        ratings = [incoming(FEEDBACK, rating(officer, 3, given_at=january, org_unit_id=unit)) for _ in range(10)]
        await receive(scoring, *ratings)
    # (10 x 3 + 10 x 4) / 20 = 3.5 with the unit's own mean of 4; (10 x 3 + 10 x 3.0644) / 20 = 3.0322 without one
    values = {}
    for officer in (loved, other):
        found = await score_of(scoring, officer, "2027-S1")
        values[officer] = found["indicators"][2]["value"]
    assert values == {loved: "87.50", other: "75.81"}
    # late ratings for the old semester do not change the fixed prior
    late = [incoming(FEEDBACK, rating(loved, 1, given_at="2026-12-31T10:00:00+07:00")) for _ in range(10)]
    await receive(scoring, *late)
    await scoring.app.part(ScoreUpkeep).round()
    assert (await score_of(scoring, loved, "2027-S1"))["indicators"][2]["value"] == "87.50"
    assert (await scoring.http.post("/scores/v1/verify")).json()["ok"]


async def test_two_processes_that_start_together_store_one_policy(postgres: Postgres) -> None:
    url = await migrated_database(postgres, "scoring")
    async with running_service("scoring", postgres, database_url=url) as service:
        settings = service.context.settings
        assert isinstance(settings, Settings)
        words = settings.scoring_policy_file.read_bytes(), settings.discipline_rules_file.read_bytes()
        now = service.context.clock.now()
        async with service.context.database.transaction() as second:
            async with service.context.database.transaction() as first:
                await load_defaults(first, *words, now)
                late = asyncio.create_task(load_defaults(second, *words, now))
                await asyncio.sleep(0.2)  # it finds no row, and waits for the row of the first
            await late
        assert len((await service.http.get("/scores/v1/policies")).json()) == 1


async def test_records_that_come_before_the_first_rules_wait_for_them(postgres: Postgres) -> None:
    """A service with a new database reads what the topics hold at once: no record is parked, and no answer is kept."""
    officer = uuid4()
    record = incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 3)))
    async with running_service("scoring", postgres) as service:
        context = service.context
        work = BatchWork(context.database, context.dead_letters, handler_of(service), PoisonLimit(1))
        with pytest.raises(UnavailableError, match="not stored yet") as failed:
            await work.apply([record])
        assert is_transient(failed.value)  # the consumer tries again
        assert (await service.http.get("/scores/v1/dead-letters")).json()["items"] == []
        await service.app.part(ScoreUpkeep).round()
        await work.apply([record])
        assert (await score_of(service, officer, "2026-S2"))["score"] is not None


async def test_a_new_policy_rescores_every_officer_also_when_there_are_many(scoring: Running) -> None:
    officers = [uuid4() for _ in range(ROWS_MAX + 1)]
    records = [incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 3))) for officer in officers]
    await receive(scoring, *records)
    answer = await scoring.http.post("/scores/v1/policies", content=policy(), headers=YAML)
    assert answer.status_code == 201, answer.text
    assert answer.json()["rescored"] == len(officers)


async def test_a_policy_whose_rescoring_was_cut_off_is_applied_later(scoring: Running, clock: FakeClock) -> None:
    officer = uuid4()
    await fill(scoring, officer)
    new = policy(effective_from=date(2026, 7, 1), weights=MORE_ATTENDANCE)
    await cut_off_at(
        scoring, "semester_total", lambda: scoring.http.post("/scores/v1/policies", content=new, headers=YAML)
    )
    assert (await scoring.http.post("/scores/v1/policies", content=new, headers=YAML)).status_code == 409
    assert not (await scoring.http.post("/scores/v1/verify")).json()["ok"]
    clock.advance(timedelta(seconds=CACHES_END_SECONDS))
    await scoring.app.part(ScoreUpkeep).round()
    assert (await scoring.http.post("/scores/v1/verify")).json()["ok"]


async def test_a_score_that_another_process_computed_with_the_former_policy_is_computed_again(
    scoring: Running, clock: FakeClock
) -> None:
    officer = uuid4()
    await fill(scoring, officer)
    former = await score_of(scoring, officer, "2026-S2")
    new = policy(effective_from=date(2026, 7, 1), weights=MORE_ATTENDANCE)
    assert (await scoring.http.post("/scores/v1/policies", content=new, headers=YAML)).status_code == 201
    right = await score_of(scoring, officer, "2026-S2")
    await store_score(scoring, officer, former["score"])
    assert not (await scoring.http.post("/scores/v1/verify")).json()["ok"]
    await scoring.app.part(ScoreUpkeep).round()
    clock.advance(timedelta(seconds=CACHES_END_SECONDS))
    await scoring.app.part(ScoreUpkeep).round()
    assert (await scoring.http.post("/scores/v1/verify")).json()["ok"]
    async with scoring.context.database.transaction() as session:
        assert (await session.execute(text("select count(*) from rescore_due"))).scalar_one() == 0
    assert (await score_of(scoring, officer, "2026-S2"))["score"] == right["score"]


async def test_a_requested_recomputation_waits_until_every_process_uses_the_new_policy(
    scoring: Running, clock: FakeClock
) -> None:
    officer = uuid4()
    await fill(scoring, officer)
    former = (await score_of(scoring, officer, "2026-S2"))["score"]
    new = policy(effective_from=date(2026, 7, 1), weights=MORE_ATTENDANCE)
    assert (await scoring.http.post("/scores/v1/policies", content=new, headers=YAML)).status_code == 201
    await store_score(scoring, officer, former)
    clock.advance(timedelta(seconds=CACHES_END_SECONDS - 1))
    await scoring.app.part(ScoreUpkeep).round()
    assert not (await scoring.http.post("/scores/v1/verify")).json()["ok"]
    clock.advance(timedelta(seconds=1))
    await scoring.app.part(ScoreUpkeep).round()
    assert (await scoring.http.post("/scores/v1/verify")).json()["ok"]
