"""`POST /<service>/v1/republish-above`: what it refuses, and how it works beside the service's own writers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from shared.contracts.base import REVISION_MAX
from shared.contracts.revisions import STEP_MAX
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE, SCORE, Topic
from tests.fixtures.services import Running
from tests.fixtures.stores.backends import Postgres
from tests.integration.town import Town, living_town


@pytest.fixture
async def town(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with living_town(postgres, monkeypatch) as found:
        yield found


@pytest.mark.parametrize(
    ("topic", "thing", "above", "status"),
    [
        (EMPLOYEE, "{officer}", REVISION_MAX - STEP_MAX, 409),
        (EMPLOYEE, "{officer}", REVISION_MAX, 409),
        (EMPLOYEE, "{officer}", REVISION_MAX + 1, 422),
        (EMPLOYEE, "0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f10", 5, 404),
        (ATTENDANCE_DAY, "{officer}", 5, 422),
        (ATTENDANCE_DAY, "{officer}/2026-13-01", 5, 422),
        (SCORE, "{officer}/2026-S2", 5, 422),
    ],
)
async def test_what_cannot_be_moved_is_refused_and_says_why(
    town: Town, topic: Topic[Any], thing: str, above: int, status: int
) -> None:
    body = {"topic": topic.name, "thing": thing.format(officer=town.officer), "above": above, "reason": "a test"}
    answer = await town.attendance.http.post("/attendance/v1/republish-above", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    key = await town.services["attendance"].key("attendance", "days:read")
    refused = await town.attendance.http.post("/attendance/v1/republish-above", json=body, headers=key)
    assert refused.status_code == 403


WRITERS = [
    (
        "attendance",
        ATTENDANCE_DAY,
        "{officer}/2026-08-03",
        "select 1 from employee where employee_id = '{officer}' for no key update",
        "update attendance_day set revision = 2 where employee_id = '{officer}' and work_date = '2026-08-03'",
        "select revision from attendance_day where employee_id = '{officer}' and work_date = '2026-08-03'",
    ),
    (
        "scoring",
        SCORE,
        "{officer}/2026-S2",
        "update semester_total set changed = false where employee_id = '{officer}'",
        "update published_score set revision = 2 where employee_id = '{officer}'",
        "select revision from published_score where employee_id = '{officer}'",
    ),
]


@pytest.mark.parametrize(
    ("service", "topic", "thing", "hold", "write", "read"), WRITERS, ids=["day worker", "publisher"]
)
async def test_a_writer_at_work_does_not_write_over_the_new_revision(
    town: Town, service: str, topic: Topic[Any], thing: str, hold: str, write: str, read: str
) -> None:
    """The service's own writer locks its row, has read the current revision and will write the next one."""
    running, prefix = town.services[service], {"attendance": "attendance", "scoring": "scores"}[service]
    of = {"officer": town.officer}
    body = {"topic": topic.name, "thing": thing.format(**of), "above": 900_000, "reason": "a test"}
    async with running.context.database.transaction() as writer:
        await writer.execute(text(hold.format(**of)))
        moving = asyncio.ensure_future(running.http.post(f"/{prefix}/v1/republish-above", json=body))
        async with asyncio.timeout(20):
            while not await _someone_waits(running):
                assert not moving.done(), "it did not wait for the writer"
                await asyncio.sleep(0.05)
        await writer.execute(text(write.format(**of)))
    assert (await moving).status_code == 202
    async with running.context.database.transaction() as session:
        assert (await session.execute(text(read.format(**of)))).scalar() == 900_001


async def _someone_waits(service: Running) -> bool:
    waits = text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    )
    async with service.context.database.transaction() as session:  # a transaction sees only one snapshot of it
        return bool((await session.execute(waits)).scalar())
