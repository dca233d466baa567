"""Edge cases of votes: links with any bytes, simultaneous bursts, an unavailable database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from embedded.postgres import EmbeddedPostgres
from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes
from services.feedback.ratings.publication import Publication
from shared.db.database import Database
from tests.fixtures.records import employee
from tests.integration.feedback.office import ANSWERS, MINIMUM, office

pytestmark = pytest.mark.embedded

HTML = "text/html; charset=utf-8"


async def test_a_used_link_shows_that_it_was_used(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        path = await place.visit()
        form = await place.http.get(path)
        assert "KTP-el" in form.text
        assert "Unit Satu" in form.text
        assert (await place.http.post(path, data=ANSWERS)).status_code == 200
        (ballot,) = (await place.content()).waiting
        assert ballot.ratings == {"completion_time": 4, "product": 3, "officer_competence": 2}
        for again in (await place.http.get(path), await place.http.post(path, data=ANSWERS)):
            assert (again.status_code, again.headers["content-type"]) == (410, HTML)
        assert len((await place.content()).waiting) == 1


async def test_a_link_of_arbitrary_bytes_is_unknown(embedded_postgres: EmbeddedPostgres) -> None:
    # with the default limit these requests would be refused as guesses (429)
    async with office(embedded_postgres, refusals_per_minute=600) as place:
        path = await place.visit()
        for name in ("unknown", "%00", "%ff%fe", "x" * 3000, path[3:-1], "%ED%A0%80"):
            for answer in (await place.http.get(f"/f/{name}"), await place.http.post(f"/f/{name}", data=ANSWERS)):
                assert (answer.status_code, answer.headers["content-type"]) == (404, HTML)
        assert (await place.content()).waiting == ()


async def test_a_returned_form_contains_the_chosen_answers(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        answer = await place.http.post(await place.visit(), data={"product": "3", "officer_conduct": "9"})
        assert answer.status_code == 422
        assert 'name="product" value="3" checked' in answer.text
        assert 'role="alert"' in answer.text
        assert answer.text.count('type="radio"') == 20


async def test_large_bodies_and_other_content_types_are_refused_with_a_message(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with office(embedded_postgres) as place:
        path = await place.visit()
        assert (await place.http.post(path, content=b"a=" + b"x" * 1_048_576)).status_code == 413
        assert (await place.http.post(path, content=b"a=" + b"x" * 1_000_000)).status_code == 422
        assert (await place.http.post(path, files={"product": ("a", b"4")})).status_code == 422
        assert (await place.content()).waiting == ()


async def test_simultaneous_votes_are_counted_exactly_by_the_burst_rule(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with office(
        embedded_postgres, database_pool_size=40
    ) as place:  # no request waits for a connection, all wait for the lock
        rules = place.service.app.part(BallotBoxes).rules
        paths = [await place.visit() for _ in range(rules.burst.ratings + 10)]
        answers = await asyncio.gather(*(place.http.post(path, data=ANSWERS) for path in paths))
        assert {answer.status_code for answer in answers} == {200}
        box = await place.content()
        assert (len(box.waiting), [len(batch.ballots) for batch in box.quarantined]) == (rules.burst.ratings, [10])
        other = uuid4()
        await place.hear(employee(other))
        await place.votes(1, employee_id=str(other))
        assert len((await place.content(other)).waiting) == 1
        place.clock.advance(timedelta(minutes=rules.burst.minutes))
        await place.votes(1)
        assert len((await place.content()).waiting) == rules.burst.ratings + 1


async def test_the_minutes_of_votes_are_deleted_when_the_burst_rule_no_longer_needs_them(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(2)
        assert sum((await place.content()).minutes.values()) == 2
        publication = place.service.app.part(Publication)
        await publication.round()
        place.clock.advance(timedelta(minutes=publication.rules.burst.minutes))
        await publication.round()
        assert (await place.content()).minutes == {}
        assert len((await place.content()).waiting) == 2


async def test_a_visit_may_be_to_a_unit_as_a_whole(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        path = await place.visit(employee_id=None, org_unit_id="unit-1", weight_class="counter")
        assert (await place.http.get(path)).status_code == 200
        assert (await place.http.post(path, data=ANSWERS)).status_code == 200
        await place.votes(MINIMUM - 1, employee_id=None, org_unit_id="unit-1", weight_class="counter")
        await place.publish()
        for record in await place.ratings():
            assert (record["employee_id"], record["org_unit_id"], record["weight_class"]) == (None, "unit-1", "counter")
        assert len(await place.ratings()) == MINIMUM


async def test_simultaneous_requests_with_one_idempotency_key_create_one_visit(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with office(embedded_postgres) as place:
        body = {"employee_id": str(place.officer), "service": "KTP-el"}
        headers = {"Idempotency-Key": "ticket-17"}
        answers = await asyncio.gather(
            *(place.http.post("/feedback/v1/visits", json=body, headers=headers) for _ in range(8))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.text for answer in answers}) == 1
        assert (await place.rows("select count(*) from visit"))[0][0] == 1
        # Another system with the same ticket numbers gets its own visit.
        desk = await place.key("visits:write")
        own = await place.http.post("/feedback/v1/visits", json=body, headers=headers | desk)
        assert own.status_code == 201
        assert own.json()["url"] != answers[0].json()["url"]


async def test_an_officer_who_has_left_gets_no_visits(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        body = {"employee_id": str(place.officer), "service": "KTP-el"}
        for revision, last, status in ((2, "2026-11-24", 201), (3, "2026-11-23", 422)):
            await place.hear(employee(place.officer, revision, active_to=last))
            assert (await place.http.post("/feedback/v1/visits", json=body)).status_code == status


@pytest.mark.parametrize(
    "change",
    [
        {"employee_id": str(uuid4())},
        {"employee_id": None},
        {"org_unit_id": "unit-1"},
        {"employee_id": 7},
        {"service": "\x00"},
        {"service": ""},
        {"service": ["a"]},
        {"valid_hours": 0},
        {"valid_hours": 721},
        {"valid_hours": 10**40},
        {"weight_class": "kiosk"},
        {"citizen": "Nama"},
    ],
)
async def test_an_invalid_visit_is_refused(embedded_postgres: EmbeddedPostgres, change: dict[str, Any]) -> None:
    async with office(embedded_postgres) as place:
        body = {"employee_id": str(place.officer), "service": "KTP-el"} | change
        answer = await place.http.post("/feedback/v1/visits", json=body)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_a_database_that_is_down_is_explained_on_a_page(
    embedded_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(embedded_postgres) as place:
        path = await place.visit()
        nowhere = Database("postgresql+asyncpg://kinerja@127.0.0.1:1/away")
        with monkeypatch.context() as patch:
            patch.setattr(place.service.context.database, "transaction", nowhere.transaction)
            answers = [await place.http.get(path)]
            answers += [await place.http.post(path, data=data) for data in (ANSWERS, {})]
        await nowhere.close()
        for answer in answers:
            assert (answer.status_code, answer.headers["content-type"]) == (503, HTML)
        assert (await place.http.post(path, data=ANSWERS)).status_code == 200
