"""A group of citizens' ratings changes a score all at once or not at all, and is shown as a group."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.scoring.scores.upkeep import ScoreUpkeep
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE, FEEDBACK
from tests.fixtures.records import assessment, employee, incoming, rating_group
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.backends import Postgres
from tests.integration.readers import receive

SEMESTER = "2026-S2"


@pytest.fixture
async def scoring(postgres: Postgres) -> AsyncIterator[Running]:
    async with running_service("scoring", postgres, clock=FakeClock(datetime(2026, 9, 1, tzinfo=UTC))) as service:
        await service.app.part(ScoreUpkeep).round()
        yield service


async def apply(service: Running, records: Sequence[dict[str, Any]]) -> None:
    await receive(service, *(incoming(FEEDBACK, record) for record in records))


async def explained(service: Running, officer: UUID) -> dict[str, Any]:
    answer = await service.http.get(f"/scores/v1/employees/{officer}", params={"semester": SEMESTER})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def known(service: Running, officer: UUID) -> None:
    await receive(service, incoming(EMPLOYEE, employee(officer)))


async def citizens(service: Running, officer: UUID) -> int:
    """How many ratings are in the officer's totals."""
    query = text("select coalesce(sum(citizen_ratings), 0) from semester_total where employee_id = :officer")
    async with service.context.database.transaction() as session:
        return int((await session.execute(query, {"officer": officer})).scalar_one())


async def verified(service: Running) -> bool:
    return bool((await service.http.post("/scores/v1/verify")).json()["ok"])


async def test_part_of_a_group_moves_nothing_however_the_batches_fall(scoring: Running) -> None:
    """Each record is its own batch, in any order, some twice: the totals change by whole groups only."""
    chance = random.Random(3)
    officer = uuid4()
    await known(scoring, officer)
    await apply(scoring, [assessment(officer)])
    groups = [rating_group(officer, [chance.randint(1, 4) for _ in range(5)]) for _ in range(4)]
    records = [record for group in groups for record in group]
    records += chance.choices(records, k=10)
    chance.shuffle(records)
    before, seen = await explained(scoring, officer), {0}
    there: set[str] = set()
    for record in records:
        await apply(scoring, [record])
        there.add(record["feedback_id"])
        whole = sum(5 for group in groups if {member["feedback_id"] for member in group} <= there)
        assert await citizens(scoring, officer) == whole
        now = await explained(scoring, officer)
        if whole in seen:
            assert (now["score"], now["indicators"], now["facts"]) == (
                before["score"], before["indicators"], before["facts"],
            )  # fmt: skip
        seen.add(whole)
        before = now
    assert seen == {0, 5, 10, 15, 20}
    assert await verified(scoring)


async def test_a_withdrawn_group_leaves_at_once_too(scoring: Running) -> None:
    officer = uuid4()
    group = rating_group(officer, [4, 4, 4, 4, 1])
    await apply(scoring, group)
    withdrawn = [record | {"revision": 2, "state": "withdrawn"} for record in group]
    await apply(scoring, withdrawn[:4])
    assert await citizens(scoring, officer) == 5
    await apply(scoring, group)  # late copies
    await apply(scoring, withdrawn[4:])
    assert await citizens(scoring, officer) == 0
    await apply(scoring, [group[0]])
    await apply(scoring, withdrawn)
    assert await citizens(scoring, officer) == 0
    async with scoring.context.database.transaction() as session:
        assert (await session.execute(text("select count(*) from held_rating"))).scalar_one() == 0
    assert await verified(scoring)


async def test_a_group_that_was_withdrawn_before_it_was_whole_never_counts(scoring: Running) -> None:
    officer = uuid4()
    group = rating_group(officer, [4, 4, 4, 4, 1])
    await apply(scoring, group[:3])
    await apply(scoring, [record | {"revision": 2, "state": "withdrawn"} for record in group])
    async with scoring.context.database.transaction() as session:
        assert (await session.execute(text("select count(*) from held_rating"))).scalar_one() == 0
    await apply(scoring, group[3:])
    assert await citizens(scoring, officer) == 0
    assert await verified(scoring)


async def test_two_owners_at_once_complete_a_group_once(scoring: Running) -> None:
    officers = [uuid4() for _ in range(12)]
    groups = [rating_group(officer, [4, 3, 2, 1, 4]) for officer in officers]

    async def owner(shift: int) -> None:
        for group in groups:
            await apply(scoring, group[: 2 + shift])
            await apply(scoring, group[2 + shift :])

    await asyncio.gather(owner(0), owner(1))
    assert [await citizens(scoring, officer) for officer in officers] == [5] * len(officers)
    assert await verified(scoring)


async def test_verify_reports_a_group_that_stays_incomplete(scoring: Running) -> None:
    officer = uuid4()
    await apply(scoring, rating_group(officer, [4, 4, 4, 4, 4])[:3])
    assert await verified(scoring)  # the rest may still arrive
    async with scoring.context.database.transaction() as session:
        await session.execute(text("update held_rating set held_at = held_at - interval '2 hours'"))
    found = (await scoring.http.post("/scores/v1/verify")).json()
    assert (found["ok"], found["difference_count"]) == (False, 1)
    assert "3 of its records wait" in found["differences"][0]


async def test_the_page_and_the_explanation_show_groups_and_no_single_rating(scoring: Running) -> None:
    officer = uuid4()
    await known(scoring, officer)
    first = rating_group(officer, [4, 4, 4, 3, 3], given_at="2026-08-04T00:00:00+07:00")
    second = rating_group(officer, [1, 2, 2, 2, 2], given_at="2026-08-20T00:00:00+07:00")
    made = await scoring.http.post("/scores/v1/links", json={"employee_id": str(officer)})
    path = made.json()["url"].removeprefix("http://testserver")
    await apply(scoring, [*first, assessment(officer)])
    few = await explained(scoring, officer)
    assert (few["facts"]["rating_groups"], few["facts"]["citizen_ratings_withheld"]) == ([], 5)
    assert "5 penilaian belum ditampilkan" in (await scoring.http.get(path)).text
    await apply(scoring, second)
    found = await explained(scoring, officer)
    means = dict.fromkeys(("completion_time", "officer_competence", "officer_conduct", "product"))
    assert found["facts"]["rating_groups"] == [
        {"given_on": "2026-08-04", "n": 5, "means": dict.fromkeys(means, "3.60"), "counted": True},
        {"given_on": "2026-08-20", "n": 5, "means": dict.fromkeys(means, "1.80"), "counted": True},
    ]
    assert [item["kind"] for item in found["facts"]["feedback"]] == ["supervisor_assessment"]
    page = (await scoring.http.get(path)).text
    assert "Penilaian masyarakat (10)" in page
    assert re.search(r"4 Agustus 2026</td>\s*<td class=\"n\">5</td>\s*<td>Kecepatan: 3,60;", page)
    for record in (*first, *second):
        assert record["feedback_id"] not in page
        assert record["feedback_id"] not in str(found)


async def test_a_semester_opens_when_the_last_groups_of_the_one_before_are_there(postgres: Postgres) -> None:
    clock = FakeClock(datetime(2026, 12, 31, 3, tzinfo=UTC))
    async with running_service("scoring", postgres, clock=clock) as service:
        await service.app.part(ScoreUpkeep).round()
        officer = uuid4()
        await known(service, officer)
        await apply(service, rating_group(officer, [4] * 10, given_at="2026-12-30T00:00:00+07:00"))
        clock.set(datetime(2026, 12, 31, 17, 30, tzinfo=UTC))  # half past midnight
        await service.app.part(ScoreUpkeep).round()
        await apply(service, rating_group(officer, [3] * 10, given_at="2027-01-01T00:00:00+07:00"))
        # Ratings that the officers had left are published for the whole unit, and count in its mean.
        await apply(service, rating_group(None, [2] * 10, given_at="2026-12-31T00:00:00+07:00"))

        async def shown() -> tuple[str, str]:
            answer = await service.http.get(f"/scores/v1/employees/{officer}", params={"semester": "2027-S1"})
            items = (await service.http.get("/scores/v1/employees", params={"semester": "2027-S1"})).json()["items"]
            indicator = answer.json()["indicators"][2]["value"]
            return indicator, items[0]["score"]

        before = await shown()
        assert before[0] == "75.81"  # (10 x 3 + 10 x 3.0644) / 20 x 25
        clock.set(datetime(2026, 12, 31, 20, 0, tzinfo=UTC))  # three hours past midnight
        await service.app.part(ScoreUpkeep).round()
        after = await shown()
        assert after[0] == "75.00"  # the unit's mean: (10 x 4 + 10 x 2) / 20 = 3
        assert after[1] != before[1]
        assert await verified(service)
