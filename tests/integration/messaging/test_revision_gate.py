"""A record whose revision jumps too far is parked by every consumer, and the records after it are used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.feedback.people.consumer import TOPICS as FEEDBACK_READS
from services.notifications.notices.consumer import TOPICS as NOTIFICATIONS_READ
from services.scoring.facts.consumer import TOPICS as SCORING_READS
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.contracts.base import REVISION_MAX
from shared.contracts.examples import EXAMPLES
from shared.contracts.revisions import REVISION_TOO_FAR, STEP_MAX
from shared.contracts.topics import ATTENDANCE_DAY, DISCIPLINE, EMPLOYEE, FEEDBACK, SCORE, Topic
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import assessment, day, employee, incoming, rating_group
from tests.fixtures.services import Running, running_service
from tests.integration.readers import handler_of

pytestmark = pytest.mark.embedded

THING = UUID("0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f10")
Make = Callable[[int], dict[str, Any]]


def _score(revision: int) -> dict[str, Any]:
    return EXAMPLES[SCORE.name][0] | {"employee_id": str(THING), "revision": revision}


def _year(revision: int) -> dict[str, Any]:
    return EXAMPLES[DISCIPLINE.name][0] | {"employee_id": str(THING), "revision": revision}


READERS: list[tuple[str, str, Topic[Any], str, Make]] = [
    ("scoring", "scores", EMPLOYEE, "employee", lambda r: employee(THING, r)),
    ("scoring", "scores", ATTENDANCE_DAY, "day_fact", lambda r: day(THING, date(2026, 8, 3), r)),
    ("scoring", "scores", FEEDBACK, "feedback_fact", lambda r: assessment(THING, r, feedback_id=str(THING))),
    ("feedback", "feedback", EMPLOYEE, "employee", lambda r: employee(THING, r)),
    ("notifications", "notices", EMPLOYEE, "employee", lambda r: employee(THING, r)),
    ("notifications", "notices", SCORE, "score", _score),
    ("notifications", "notices", DISCIPLINE, "discipline", _year),
]


def test_every_topic_that_a_service_reads_is_here() -> None:
    reads = {"scoring": SCORING_READS, "feedback": FEEDBACK_READS, "notifications": NOTIFICATIONS_READ}
    assert {(reader, topic.name) for reader, _, topic, _, _ in READERS} == {
        (reader, topic) for reader, topics in reads.items() for topic in topics
    }


async def apply(service: Running, records: Sequence[Incoming]) -> list[str]:
    """Applies one batch as the consumer does; returns why records were parked."""
    async with service.context.database.transaction() as session:
        parked: Sequence[Parked] = await handler_of(service)(session, records)
        await service.context.dead_letters.park(session, parked)
        return [f"{item.reason}: {item.detail}" for item in parked]


async def revision_in(service: Running, table: str) -> int | None:
    async with service.context.database.transaction() as session:
        found: int | None = (await session.execute(text(f"select max(revision) from {table}"))).scalar()
        return found


@pytest.mark.parametrize(("reader", "prefix", "topic", "table", "make"), READERS)
async def test_a_leap_is_parked_and_what_comes_after_it_is_used(
    embedded_postgres: EmbeddedPostgres, reader: str, prefix: str, topic: Topic[Any], table: str, make: Make
) -> None:
    async with running_service(reader, embedded_postgres) as service:
        if reader == "scoring":
            await service.app.part(ScoreUpkeep).round()
        # the reader has no record of this key yet
        end = incoming(topic, make(REVISION_MAX))
        [words] = await apply(service, [end])
        assert words.startswith(
            f"{REVISION_TOO_FAR}: revision {REVISION_MAX} is more than 1,000,000 above 0, the highest known"
        )
        assert await revision_in(service, table) is None
        # in the same batch as the revision before
        [words] = await apply(
            service, [incoming(topic, make(1)), incoming(topic, make(5_000_000)), incoming(topic, make(2))]
        )
        assert "revision 5000000 is more than 1,000,000 above 1," in words
        assert await revision_in(service, table) == 2
        # several steps in one batch: each counts from the one before
        step = [incoming(topic, make(revision)) for revision in (3, STEP_MAX + 3, 2 * STEP_MAX + 3, 3 * STEP_MAX + 4)]
        [words] = await apply(service, step)
        assert f"revision {3 * STEP_MAX + 4} is more than 1,000,000 above {2 * STEP_MAX + 3}," in words
        assert await revision_in(service, table) == 2 * STEP_MAX + 3
        # in its own batch: counts from the stored revision
        assert await apply(service, [incoming(topic, make(3 * STEP_MAX + 3))]) == []
        assert await revision_in(service, table) == 3 * STEP_MAX + 3

        place = f"/{prefix}/v1/dead-letters/{topic.name}/0/{end.offset}"
        answer = await service.http.post(f"{place}/release")
        assert answer.status_code == 409
        assert f"{REVISION_TOO_FAR}: revision {REVISION_MAX}" in answer.json()["detail"]
        assert "Dismiss it" in answer.json()["detail"]


async def test_a_group_that_waits_for_its_rest_is_known_too(embedded_postgres: EmbeddedPostgres) -> None:
    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        officer = uuid4()
        group = rating_group(officer, [4, 4, 4])
        high = [member | {"revision": STEP_MAX} for member in group]
        assert await apply(service, [incoming(FEEDBACK, member) for member in high[:2]]) == []
        assert await revision_in(service, "feedback_fact") is None
        # for these two, the highest known revision is in the waiting group; the third has none
        higher = [member | {"revision": STEP_MAX + 7} for member in group]
        words = await apply(service, [incoming(FEEDBACK, member) for member in higher])
        assert [f"above {0}," in w for w in words] == [True]
        assert await apply(service, [incoming(FEEDBACK, member) for member in [high[2], higher[2]]]) == []
        assert await revision_in(service, "feedback_fact") == STEP_MAX + 7
