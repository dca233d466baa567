"""Parked records in a service's database: which of them need a person, and the effects of dismissing and releasing."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from shared.contracts.topics import EMPLOYEE
from shared.messaging.consuming.batch_work import BatchWork
from shared.messaging.consuming.dead_letters import Parked, Place
from shared.messaging.consuming.incoming import Incoming
from shared.messaging.consuming.poison_limit import PoisonLimit
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.readers import handler_of

pytestmark = pytest.mark.embedded

PREFIXES = {"scoring": "scores", "feedback": "feedback", "notifications": "notices"}
WHY = "Sent by a machine of the trade fair; the producer has removed it."


@pytest.fixture
async def scoring(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[Running]:
    async with running_service("scoring", embedded_postgres) as service:
        yield service


async def park(service: Running, *records: Incoming) -> None:
    async with service.context.database.transaction() as session:
        await service.context.dead_letters.park(session, [Parked(one, "NOT_VALID", "no words") for one in records])


def bad() -> Incoming:
    return incoming(EMPLOYEE, b"\xff{\x00", ce_id=b"1", odd=None)


def good(employee_id: UUID | None = None) -> Incoming:
    """A record that the handler accepts, for example parked by an older release."""
    return incoming(EMPLOYEE, employee(employee_id or uuid4()))


def path(record: Incoming, prefix: str = "scores") -> str:
    return f"/{prefix}/v1/dead-letters/{record.topic}/{record.partition}/{record.offset}"


async def dismiss(service: Running, record: Incoming, reason: str = WHY, prefix: str = "scores") -> httpx.Response:
    return await service.http.post(f"{path(record, prefix)}/dismiss", json={"reason": reason})


async def listed(service: Running, prefix: str = "scores", **query: Any) -> list[int]:
    """The offsets of a list, read in pages of two."""
    offsets: list[int] = []
    after: dict[str, str] = {}
    while True:
        answer = await service.http.get(f"/{prefix}/v1/dead-letters", params={"limit": 2, **query, **after})
        assert answer.status_code == 200, answer.text
        offsets += [item["offset"] for item in answer.json()["items"]]
        if answer.json()["next"] is None:
            return offsets
        after = {"after": answer.json()["next"]}


async def waiting(service: Running, prefix: str = "scores") -> float:
    """The value of the metric after the service has updated it, as Prometheus reads it."""
    async with service.context.database.transaction() as session:
        await service.context.dead_letters.observe(session)
    lines = (await service.http.get(f"/{prefix}/metrics")).text.splitlines()
    [value] = [line.split()[-1] for line in lines if line.startswith("kinerja_parked_records ")]
    return float(value)


async def kept(service: Running, record: Incoming) -> dict[str, Any]:
    query = text("select * from parked_record where position = :position")
    async with service.context.database.transaction() as session:
        return dict((await session.execute(query, {"position": record.offset})).mappings().one())


def conflict(answer: httpx.Response) -> str:
    """The detail of a refusal in the format of RFC 9457."""
    assert answer.status_code == 409, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["status"]) == ("/problems/conflict", 409)
    assert problem["title"] == "Not possible in the present state"
    return str(problem["detail"])


@pytest.mark.parametrize("name", PREFIXES)
async def test_a_dismissed_record_waits_no_longer_and_is_kept_whole(
    name: str, embedded_postgres: EmbeddedPostgres
) -> None:
    prefix = PREFIXES[name]
    async with running_service(name, embedded_postgres) as service:
        first, second = bad(), bad()
        await park(service, first, second)
        assert await listed(service, prefix) == [first.offset, second.offset]
        assert await waiting(service, prefix) == 2
        before = await kept(service, first)

        answer = await dismiss(service, first, prefix=prefix)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert (said["dismissed_by"], said["dismissed_reason"], said["released_at"]) == ("operator", WHY, None)
        assert await listed(service, prefix) == [second.offset]
        assert await waiting(service, prefix) == 1

        assert await listed(service, prefix, dismissed=True) == [first.offset, second.offset]
        whole = (await service.http.get(path(first, prefix))).json()
        assert whole.items() >= said.items()
        after = await kept(service, first)
        changed = {key for key, value in after.items() if value != before[key]}
        assert changed == {"dismissed_at", "dismissed_by", "dismissed_reason"}
        assert (after["key"], after["value"]) == (first.key, first.value)


@pytest.mark.parametrize("name", PREFIXES)
async def test_the_unusable_records_of_a_batch_are_parked_and_the_others_applied(
    name: str, embedded_postgres: EmbeddedPostgres
) -> None:
    before, after = uuid4(), uuid4()
    unusable = [bad(), incoming(EMPLOYEE, employee(uuid4(), name="a\x00b")), incoming(EMPLOYEE, None)]
    batch = [good(before), *unusable, good(after)]
    async with running_service(name, embedded_postgres) as service:
        context = service.context
        consumer = BatchWork(context.database, context.dead_letters, handler_of(service), PoisonLimit(100))
        await consumer.apply(batch)
        assert await listed(service, PREFIXES[name]) == [record.offset for record in unusable]
        async with context.database.transaction() as session:
            officers = set((await session.execute(text("select employee_id from employee"))).scalars())
        assert officers == {before, after}


async def test_a_list_holds_what_waits_and_else_what_was_asked_for(scoring: Running) -> None:
    waits, released, dismissed, both = (good() for _ in range(4))
    await park(scoring, waits, released, dismissed, both)
    for record in (dismissed, both):
        assert (await dismiss(scoring, record)).is_success
    for record in (released, both):
        assert (await scoring.http.post(f"{path(record)}/release")).is_success
    assert await waiting(scoring) == 1
    assert await listed(scoring) == [waits.offset]
    assert await listed(scoring, released=True) == [waits.offset, released.offset, both.offset]
    assert await listed(scoring, dismissed=True) == [waits.offset, dismissed.offset]
    everything = [record.offset for record in (waits, released, dismissed, both)]
    assert await listed(scoring, released=True, dismissed=True) == everything


async def test_a_dismissed_record_can_still_be_released_and_remembers_its_dismissal(scoring: Running) -> None:
    officer = uuid4()
    record = good(officer)
    await park(scoring, record)
    await dismiss(scoring, record)
    before = await kept(scoring, record)
    assert (await scoring.http.post(f"{path(record)}/release")).is_success
    async with scoring.context.database.transaction() as session:
        assert (await session.execute(text("select employee_id from employee"))).scalars().all() == [officer]
    after = await kept(scoring, record)
    assert after["released_at"] is not None
    assert after | {"released_at": None} == before


async def test_a_dismissed_record_that_still_cannot_be_used_stays_dismissed(scoring: Running) -> None:
    record = bad()
    await park(scoring, record)
    await dismiss(scoring, record)
    before = await kept(scoring, record)
    assert "still cannot be used" in conflict(await scoring.http.post(f"{path(record)}/release"))
    assert await kept(scoring, record) == before
    assert await waiting(scoring) == 0


async def test_what_does_not_wait_is_not_dismissed_and_the_first_words_stay(scoring: Running) -> None:
    twice, released = bad(), good()
    await park(scoring, twice, released)
    await dismiss(scoring, twice)
    await scoring.http.post(f"{path(released)}/release")
    before = [await kept(scoring, record) for record in (twice, released)]
    assert conflict(await dismiss(scoring, twice, "other words")).endswith(f"dismissed before, by operator: {WHY}")
    assert "was released" in conflict(await dismiss(scoring, released))
    assert [await kept(scoring, record) for record in (twice, released)] == before
    assert (await dismiss(scoring, bad())).status_code == 404


async def test_a_dismissal_during_a_release_waits_for_its_end(scoring: Running) -> None:
    record = good()
    await park(scoring, record)
    async with scoring.context.database.transaction() as session:
        await scoring.context.dead_letters.take(session, Place(record.topic, record.partition, record.offset))
        dismissal = asyncio.create_task(dismiss(scoring, record))
        locks = text(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        waits = False
        async with asyncio.timeout(20):
            while not waits:
                assert not dismissal.done()
                async with scoring.context.database.transaction() as look:  # a transaction sees one snapshot of it
                    waits = bool((await look.execute(locks)).scalar_one())
    assert "was released" in conflict(await dismissal)


async def test_a_copy_of_a_dismissed_record_changes_nothing(scoring: Running) -> None:
    record = bad()
    await park(scoring, record)
    await dismiss(scoring, record)
    before = await kept(scoring, record)
    await park(scoring, record)
    assert await kept(scoring, record) == before
    assert await waiting(scoring) == 0


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"reason": None},
        {"reason": ""},
        {"reason": "  "},
        {"reason": "x" * 501},
        {"reason": "two\nlines"},
        {"reason": "a\x00b"},
        {"reason": WHY, "by": "somebody"},
    ],
)
async def test_a_dismissal_needs_a_reason_of_one_line(scoring: Running, body: Any) -> None:
    record = bad()
    await park(scoring, record)
    answer = await scoring.http.post(f"{path(record)}/dismiss", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await listed(scoring) == [record.offset]


@pytest.mark.parametrize("reason", ["x", "é" * 500, "Kotak [merah] 'x' -- \u00a0"])
async def test_the_reason_is_kept_as_it_was_written(scoring: Running, reason: str) -> None:
    record = bad()
    await park(scoring, record)
    assert (await dismiss(scoring, record, reason)).json()["dismissed_reason"] == reason
    assert (await kept(scoring, record))["dismissed_reason"] == reason


async def test_only_the_operator_dismisses(embedded_postgres: EmbeddedPostgres) -> None:
    async with running_service("notifications", embedded_postgres) as notices:
        record = bad()
        await park(notices, record)
        new = {"name": "superior", "scopes": ["notices:release"], "employee_id": str(uuid4())}
        token = (await notices.http.post("/notices/v1/api-keys", json=new)).json()["token"]
        for key, status in ((f"Bearer {token}", 403), ("Bearer unknown", 401)):
            headers = {"Authorization": key}
            answer = await notices.http.post(
                f"{path(record, 'notices')}/dismiss", json={"reason": WHY}, headers=headers
            )
            assert answer.status_code == status
        assert await listed(notices, "notices") == [record.offset]


async def test_another_record_at_the_place_of_a_topic_made_anew_is_kept_beside_the_first(scoring: Running) -> None:
    first = bad()
    others = [replace(first, value=b"another"), replace(first, value=None), replace(first, key=b"another key")]
    await park(scoring, first, first, *others, *others)  # each comes twice: a copy is the same record
    assert await waiting(scoring) == 4
    assert await listed(scoring) == [first.offset] * 4
    assert (await dismiss(scoring, first)).is_success
    assert await waiting(scoring) == 3
    last = {"generation": 3}
    whole = (await scoring.http.get(path(first), params=last)).json()
    assert (whole["generation"], whole["key_base64"]) == (3, base64.b64encode(b"another key").decode())
    assert (await scoring.http.get(path(first), params={"generation": 4})).status_code == 404
    answer = await scoring.http.post(f"{path(first)}/dismiss", params=last, json={"reason": WHY})
    assert answer.is_success
    assert await waiting(scoring) == 2
    async with scoring.context.database.transaction() as session:
        query = text("select value from outbox where topic = 'asn.dead-letter.v1' order by id")
        letters = [orjson.loads(row.value) for row in await session.execute(query)]
    assert [letter["revision"] for letter in letters] == [1, 2, 3, 4]  # newest per offset wins: each is accepted
