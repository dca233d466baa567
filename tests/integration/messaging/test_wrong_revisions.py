"""Forged records reach four services and an HR system: verify and doctor find them, the owner corrects them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from shared.contracts.base import REVISION_MAX
from shared.contracts.revisions import STEP_MAX
from shared.contracts.topics import ATTENDANCE_DAY, DISCIPLINE, EMPLOYEE, FEEDBACK, SCORE, Topic
from shared.kafka_admin.provision import provision, read_topics
from tests.fixtures.records import incoming
from tests.fixtures.stores.backends import Kafka
from tests.integration.examples.subscriber import row as subscriber_row
from tests.integration.examples.subscriber import run as run_subscriber
from tests.integration.town import READS, Town, living_town


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with living_town(embedded_postgres, monkeypatch) as found:
        yield found


async def seen_by_the_doctor(town: Town) -> list[str]:
    lines = (await town.kinerja("doctor")).output.splitlines()
    return [line for line in lines if line.startswith("FAIL") and "differ from the owner's" in line]


Forge = Callable[[Town], tuple[Topic[Any], dict[str, Any], str, dict[str, Any]]]
"""The topic, the true record, the thing's name and the forged values."""


def _officer(town: Town) -> tuple[Topic[Any], dict[str, Any], str, dict[str, Any]]:
    return EMPLOYEE, town.last(EMPLOYEE, employee_id=town.officer), town.officer, {"superior_id": town.officer}


def _day(town: Town) -> tuple[Topic[Any], dict[str, Any], str, dict[str, Any]]:
    record = town.last(ATTENDANCE_DAY, employee_id=town.officer, work_date="2026-08-03")
    return ATTENDANCE_DAY, record, f"{town.officer}/2026-08-03", {"credited_minutes": 1, "late_minutes": 400}


def _assessment(town: Town) -> tuple[Topic[Any], dict[str, Any], str, dict[str, Any]]:
    record = town.last(FEEDBACK, kind="supervisor_assessment")
    wrong = {"assessment": {"work_quality": "1", "public_communication": None}}
    return FEEDBACK, record, record["feedback_id"], wrong


def _rating(town: Town) -> tuple[Topic[Any], dict[str, Any], str, dict[str, Any]]:
    record = town.last(FEEDBACK, kind="citizen_rating")
    return FEEDBACK, record, record["feedback_id"], {"group_size": 1, "ratings": {"product": 1}}


def _score(town: Town) -> tuple[Topic[Any], dict[str, Any], str, dict[str, Any]]:
    record = town.last(SCORE, employee_id=town.officer)
    return SCORE, record, f"{town.officer}/2026-S2", {"score": "12.00", "band": "KURANG"}


def _year(town: Town) -> tuple[Topic[Any], dict[str, Any], str, dict[str, Any]]:
    record = town.last(DISCIPLINE, employee_id=town.officer)
    return DISCIPLINE, record, f"{town.officer}/2026", {"cumulative_days": 40, "longest_streak_days": 20}


@pytest.mark.parametrize(
    ("choose", "by"),
    [
        *((choose, 1) for choose in (_officer, _day, _assessment, _rating, _score, _year)),
        *((choose, 0) for choose in (_day, _score)),
        *((choose, 900_000) for choose in (_rating, _officer)),
        (_day, STEP_MAX),
    ],
)
async def test_a_forged_record_is_seen_and_put_right_at_every_reader(town: Town, choose: Forge, by: int) -> None:
    agreed = await town.kinerja("scores", "verify")
    assert agreed.exit_code == 0, agreed.output
    assert await seen_by_the_doctor(town) == []
    topic, true, thing, changes = choose(town)
    if by == 0:  # same revision, other content: the reader must get the forged record first
        await _forget(town, topic, thing)
    wrong = await town.forge(topic, true, by=by, **changes)

    found = await town.kinerja("scores", "verify")
    assert found.exit_code == 1
    readers = READS[topic.name]
    for reader in readers:
        lines = [
            line for line in found.output.splitlines() if line.startswith(f"{topic.name} {thing}: {reader} keeps ")
        ]
        assert len(lines) == 1, found.output
        assert f'kinerja republish {topic.name} {thing} --above {wrong} --reason "…"' in lines[0]
    assert "Contoh" not in found.output
    assert len(await seen_by_the_doctor(town)) == len(readers)

    done = await town.kinerja("republish", topic.name, thing, "--above", str(wrong), "--reason", "a forged record")
    assert done.exit_code == 0, done.output
    assert f"is at revision {wrong + 1}" in done.output
    await town.carry()
    healed = await town.kinerja("scores", "verify")
    assert healed.exit_code == 0, healed.output
    assert await seen_by_the_doctor(town) == []
    now = town.last(topic, **{name: true[name] for name in topic.thing})
    assert now == true | {"revision": wrong + 1}


async def _forget(town: Town, topic: Topic[Any], thing: str) -> None:
    """Deletes the record at its readers, with scoring's totals."""
    tables = {EMPLOYEE: "employee", SCORE: "score", DISCIPLINE: "discipline"}
    for reader in READS[topic.name]:
        async with town.services[reader].context.database.transaction() as session:
            if topic in tables:
                await session.execute(
                    text(f"delete from {tables[topic]} where employee_id = :id"), {"id": thing.split("/")[0]}
                )
            else:
                await session.execute(text("truncate day_fact, feedback_fact, semester_total"))
    if topic not in tables:
        for record in [r for r in town.sent if r.topic in (ATTENDANCE_DAY.name, FEEDBACK.name)]:
            body = orjson.loads(record.value or b"{}")
            if thing not in (body.get("feedback_id"), f"{body['employee_id']}/{body.get('work_date')}"):
                await town.send(record)


async def test_an_hr_system_gets_the_truth_too(town: Town, kafka: Kafka, tmp_path: Path) -> None:
    record = town.last(SCORE, employee_id=town.officer)
    wrong = await town.forge(SCORE, record, by=900_000, score="12.00", band="KURANG")
    await town.forge(SCORE, record, by=REVISION_MAX - record["revision"], score="1.00")
    await _onto(kafka, town)
    complaints = (await asyncio.to_thread(run_subscriber, kafka.bootstrap_servers, tmp_path / "hr.db")).stderr
    assert subscriber_row(tmp_path / "hr.db", town.officer)[0][1:3] == (wrong, "12.00")
    assert "REVISION_TOO_FAR" in complaints
    assert town.officer not in complaints

    thing = f"{town.officer}/2026-S2"
    await town.kinerja("republish", SCORE.name, thing, "--above", str(wrong), "--reason", "a forged record")
    await town.carry()
    await _onto(kafka, town)
    await asyncio.to_thread(run_subscriber, kafka.bootstrap_servers, tmp_path / "hr.db")
    assert subscriber_row(tmp_path / "hr.db", town.officer)[0][1:3] == (wrong + 1, record["score"])


async def _onto(kafka: Kafka, town: Town) -> None:
    """The scores sent since the last call, in order."""
    await provision(kafka.bootstrap_servers, read_topics())
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer:
        for record in town.sent:
            if record.topic == SCORE.name:
                key = orjson.loads(record.value or b"")["employee_id"].encode()
                await producer.send_and_wait(SCORE.name, record.value, key=key, headers=list(record.headers))
    town.sent.clear()


async def test_a_reader_that_begins_anew_is_led_up_to_a_high_owner(town: Town) -> None:
    topic, true, thing, changes = _day(town)
    for _ in range(2):
        wrong = await town.forge(topic, true, by=STEP_MAX, **changes)
        done = await town.kinerja("republish", topic.name, thing, "--above", str(wrong), "--reason", "forged again")
        assert done.exit_code == 0, done.output
        await town.carry()
        true = _day(town)[1]
    assert true["revision"] > 2 * STEP_MAX
    async with town.services["scoring"].context.database.transaction() as session:
        await session.execute(text("truncate employee, day_fact, feedback_fact, held_rating, semester_total"))
    assert (await town.kinerja("scores", "verify")).exit_code == 1
    assert (await town.kinerja("republish")).exit_code == 0
    await town.carry()
    healed = await town.kinerja("scores", "verify")
    assert healed.exit_code == 0, healed.output


async def test_a_writer_that_climbed_step_by_step_is_overtaken_at_every_reader(town: Town) -> None:
    """Each step is small enough for readers; a reader that lost the officer accepts the copies on the way."""
    topic, true, officer, changes = _officer(town)
    for by in (900_000, 1_800_000, 2_700_000):
        wrong = await town.forge(topic, true, by=by, **changes)
    async with town.services["notifications"].context.database.transaction() as session:
        await session.execute(text("delete from employee where employee_id = :id"), {"id": officer})
    found = (await town.kinerja("scores", "verify")).output
    assert f"kinerja republish {topic.name} {officer} --above {wrong} " in found

    done = await town.kinerja("republish", topic.name, officer, "--above", str(wrong), "--reason", "forged in steps")
    assert done.exit_code == 0, done.output
    await town.carry()
    healed = await town.kinerja("scores", "verify")
    assert healed.exit_code == 0, healed.output
    assert town.last(topic, employee_id=officer) == true | {"revision": wrong + 1}


async def test_a_revision_at_the_end_is_set_to_nothing_and_overtaken(town: Town) -> None:
    """Forged records raised the reader to the maximum revision."""
    topic, true, _, changes = _day(town)
    await town.forge(topic, true, by=1, **changes)
    of_the_day = f"employee_id = '{town.officer}' and work_date = '2026-08-03'"
    async with town.services["scoring"].context.database.transaction() as session:
        await session.execute(text(f"update day_fact set revision = {REVISION_MAX} where {of_the_day}"))
    refused = await town.kinerja(
        "republish", topic.name, f"{town.officer}/2026-08-03", "--above", str(REVISION_MAX), "--reason", "forged"
    )
    assert refused.exit_code == 1
    assert "docs/runbooks/replay.md" in refused.output
    # the steps of the runbook
    async with town.services["scoring"].context.database.transaction() as session:
        await session.execute(text(f"update day_fact set revision = 0 where {of_the_day}"))
    await town.kinerja("republish")
    await town.carry()
    healed = await town.kinerja("scores", "verify")
    assert healed.exit_code == 0, healed.output


async def test_what_is_on_its_way_is_no_fault(town: Town) -> None:
    await town.attendance.punch(town.officer, "2026-08-05 07:20", "2026-08-05 16:30")
    await town.attendance.work()
    found = await town.kinerja("scores", "verify")
    assert found.exit_code == 0, found.output
    assert "asn.attendance-day.v1 at scoring, 2026-S2: 1 or more records are on their way" in found.output
    await town.carry()
    assert "on their way" not in (await town.kinerja("scores", "verify")).output


async def test_a_thing_that_no_owner_knows_and_one_that_a_reader_lacks_are_named(town: Town) -> None:
    day = _day(town)[1]
    made_up = (date(2026, 8, 1) + timedelta(days=200)).isoformat()
    await town.send(incoming(ATTENDANCE_DAY, day | {"work_date": "2026-07-01"}))
    await town.send(incoming(ATTENDANCE_DAY, day | {"work_date": made_up}))  # in another semester: not compared
    async with town.services["notifications"].context.database.transaction() as session:
        await session.execute(text("delete from score"))
    found = (await town.kinerja("scores", "verify")).output
    assert (
        f"{ATTENDANCE_DAY.name} {town.officer}/2026-07-01: scoring keeps revision {day['revision']}, attendance has none"
        in found
    )
    assert f"{SCORE.name} {town.officer}/2026-S2: notifications has none, scoring has" in found
    assert made_up not in found
