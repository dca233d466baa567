"""Changing the key of the ballot boxes loses no vote; a missing key gives one clear message."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.feedback.ratings.boxes.ballot_boxes import PAGE_ROWS, BallotBoxes, Target
from services.feedback.ratings.boxes.seal import Seal, SealError
from services.feedback.ratings.publication import Publication
from services.feedback.ratings.rules.ballots import Content
from tests.fixtures.logs import captured_logs
from tests.fixtures.services import BALLOT_KEY, running_service
from tests.integration.feedback.office import MINIMUM, Office, office

pytestmark = pytest.mark.embedded

NEW_KEY = "a newer ballot key of the tests"


async def sealed_with(place: Office, key: str) -> list[bool]:
    """Whether each box is sealed with this key."""
    rows = await place.rows("select box_id, sealed from ballot_box")
    found = []
    for row in rows:
        try:
            found.append(Seal(f"{key}\n{BALLOT_KEY}\n{NEW_KEY}").open(row.box_id, row.sealed)[1])
        except SealError:
            found.append(False)
    return found


async def test_a_new_first_key_reseals_every_box_and_loses_no_vote(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(MINIMUM - 1)
        await place.votes(1, employee_id=None, org_unit_id="unit-1")
        assert await sealed_with(place, BALLOT_KEY) == [True, True]
        database = place.service.context.settings.database
        changes = {"database_url": database, "ballot_key": f"{NEW_KEY}\n{BALLOT_KEY}"}
        async with running_service("feedback", embedded_postgres, clock=place.clock, **changes) as both:
            await both.app.part(Publication).round()
        assert await sealed_with(place, NEW_KEY) == [True, True]
        changes["ballot_key"] = NEW_KEY
        async with running_service("feedback", embedded_postgres, clock=place.clock, **changes) as after:
            renewed = Office(after, place.clock, place.superior, place.officer)
            await renewed.votes(1)
            await renewed.publish()
            assert len(await renewed.ratings()) == MINIMUM


async def test_without_its_key_the_service_does_not_start_and_logs_the_reason(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(2)
        database = place.service.context.settings.database
        with captured_logs() as out, pytest.raises(SealError):
            async with running_service("feedback", embedded_postgres, database_url=database, ballot_key=NEW_KEY):
                pass
        [line] = [json.loads(line) for line in out.getvalue().splitlines() if "ballot" in line]
        assert (line["level"], line["event"]) == ("critical", "ballot_boxes_cannot_be_opened")
        assert "docs/runbooks/secrets.md" in line["cause"]
        assert len((await place.content()).waiting) == 2  # nothing was lost or changed


async def test_without_a_waiting_vote_any_key_is_accepted(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        database = place.service.context.settings.database
        async with running_service("feedback", embedded_postgres, database_url=database, ballot_key=NEW_KEY) as other:
            assert (await other.http.get("/feedback/v1/quarantine")).json()["items"] == []


async def test_a_box_with_another_boxs_content_is_reported(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(2)
        await place.votes(1, employee_id=None, org_unit_id="unit-1")
        async with place.service.context.database.transaction() as session:
            await session.execute(
                text("update ballot_box b set sealed = o.sealed from ballot_box o where o.box_id <> b.box_id")
            )
        with pytest.raises(SealError, match="another box"):
            await place.service.app.part(Publication).check_boxes()


async def test_a_new_key_reseals_more_boxes_than_one_page(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        boxes = place.service.app.part(BallotBoxes)
        async with place.service.context.database.transaction() as session:
            for _ in range(PAGE_ROWS + 1):
                await boxes.write(session, Target(uuid4(), "unit-1", "visit"), Content())
        changes = {
            "database_url": place.service.context.settings.database,
            "ballot_key": f"{NEW_KEY}\n{BALLOT_KEY}",
        }
        async with running_service("feedback", embedded_postgres, clock=place.clock, **changes) as both:
            await both.app.part(Publication).check_boxes()
        assert await sealed_with(place, NEW_KEY) == [True] * (PAGE_ROWS + 1)
