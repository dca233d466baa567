"""Citizens' ratings are published in groups only: when, how, and what is shown of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from embedded.postgres import EmbeddedPostgres
from services.feedback.ratings.publication import Publication
from tests.fixtures.records import employee
from tests.fixtures.services import Running, running_service
from tests.integration.feedback.office import ANSWERS, MINIMUM, Office, office

pytestmark = pytest.mark.embedded

LIST = "/feedback/v1/feedback"
RATINGS = {"completion_time": 4, "product": 3, "officer_competence": 2}
END_OF_SEMESTER = datetime(2026, 12, 31, 16, 59, tzinfo=UTC)  # 23:59 in the unit's zone


async def items(place: Office, **query: Any) -> list[dict[str, Any]]:
    answer = await place.http.get(LIST, params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def withdraw(place: Office, feedback_id: str) -> dict[str, Any]:
    answer = await place.http.post(f"{LIST}/{feedback_id}/withdraw", json={"reason_code": "FORGED"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_nothing_is_published_below_the_minimum_and_then_all_at_once(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(MINIMUM - 1)
        await place.publish()
        assert await place.outbox() == []
        assert await items(place) == []
        place.clock.advance(timedelta(days=1))
        await place.votes(1, {"product": "1"})
        await place.publish()
        records = await place.ratings()
        assert len(records) == MINIMUM
        common = {name: records[0][name] for name in ("group_id", "group_size", "recorded_at", "given_at", "revision")}
        assert common == common | {"group_size": MINIMUM, "given_at": "2026-11-25T00:00:00+07:00", "revision": 1}
        for record in records:
            assert record == record | common
            assert (record["service"], record["weight_class"], record["state"]) == (None, "visit", "accepted")
            assert record["employee_id"] == str(place.officer)
            assert UUID(record["feedback_id"]).version == 4
        assert sorted(str(record["ratings"]) for record in records) == sorted(
            [str(RATINGS)] * 4 + [str({"product": 1})]
        )
        await place.publish()
        assert len(await place.ratings()) == MINIMUM


async def test_a_full_group_waits_for_a_random_time(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        publication = place.service.app.part(Publication)
        delay = publication.rules.publish_after_seconds
        least, most = delay.least, delay.most
        assert 0 < least < most
        waits = []
        for number in range(1, 5):
            await place.votes(MINIMUM)
            await publication.round()
            waited = 0
            while len(await place.ratings()) < number * MINIMUM:
                assert waited <= most
                place.clock.advance(timedelta(seconds=1))
                waited += 1
                await publication.round()
            assert waited >= least
            waits.append(waited)
            place.clock.advance(timedelta(minutes=10))  # not a burst
        assert len(set(waits)) > 1


async def test_the_order_of_a_group_is_random(embedded_postgres: EmbeddedPostgres) -> None:
    """Thirty groups of five: if the order of votes were kept, the first vote would always come first."""
    async with office(embedded_postgres) as place:
        first = 0
        for _ in range(30):
            for product in ("1", "2", "3", "4", "4"):
                await place.votes(1, {"product": product})
            await place.publish()
            place.clock.advance(timedelta(minutes=10))  # not a burst
        records = await place.ratings()
        assert len(records) == 30 * MINIMUM
        for start in range(0, len(records), MINIMUM):
            first += records[start]["ratings"] == {"product": 1}
        assert first < 20  # 6 are expected; 20 or more come once in ten million runs


async def test_targets_units_and_weight_classes_are_not_mixed(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        other = uuid4()
        await place.hear(employee(other))
        await place.votes(3)
        await place.votes(3, employee_id=str(other))
        await place.votes(3, weight_class="counter")
        await place.votes(3, employee_id=None, org_unit_id="unit-1")
        await place.hear(employee(place.officer, 2, org_unit_id="unit-2"))
        await place.votes(3)  # the same officer in another unit
        await place.publish()
        assert await place.outbox() == []
        await place.votes(2, employee_id=None, org_unit_id="unit-1")
        await place.publish()
        records = await place.ratings()
        assert [(r["employee_id"], r["org_unit_id"]) for r in records] == [(None, "unit-1")] * MINIMUM


async def test_simultaneous_votes_in_two_replicas_form_whole_groups_and_none_is_lost(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with office(embedded_postgres, database_pool_size=20) as place:
        database = place.service.context.settings.database
        async with running_service("feedback", embedded_postgres, clock=place.clock, database_url=database) as second:
            replicas = (place.service, second)
            paths = [await place.visit() for _ in range(18)]

            async def publish(replica: Running) -> None:
                for _ in range(30):
                    place.clock.advance(timedelta(minutes=2))
                    await replica.app.part(Publication).round()

            posts = (replicas[n % 2].http.post(path, data=ANSWERS) for n, path in enumerate(paths))
            answers = await asyncio.gather(*posts, *map(publish, replicas))
        assert {answer.status_code for answer in answers[:-2]} == {200}
        await place.publish()
        sizes: dict[str, int] = {}
        for record in await place.ratings():
            sizes[record["group_id"]] = sizes.get(record["group_id"], 0) + 1
            assert record["group_size"] >= MINIMUM
        waiting = len((await place.content()).waiting)
        assert sum(sizes.values()) + waiting == 18
        assert all(size >= MINIMUM for size in sizes.values())
        assert waiting < MINIMUM


async def test_operators_see_groups_and_never_a_single_rating(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(MINIMUM - 1)
        await place.votes(1, {"officer_conduct": "1", "product": "4"})
        await place.publish()
        [item] = await items(place)
        assert (item["kind"], item["ratings"], item["given_on"], item["state"]) == (
            "citizen_rating", MINIMUM, "2026-11-24", "accepted",
        )  # fmt: skip
        # Conduct has one answer and competence four: a mean of so few answers would reveal them.
        assert item["answers"] == {"product": {"n": 5, "sum": 16}}
        listed = (await place.http.get(LIST)).text
        for record in await place.ratings():
            assert record["feedback_id"] not in listed


async def test_withdrawing_a_rating_withdraws_its_group_and_the_others_wait(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(MINIMUM - 1)
        await place.votes(1, {"product": "1"})
        await place.publish()
        first = await place.ratings()
        [bad] = [record for record in first if record["ratings"] == {"product": 1}]
        for _ in range(2):  # a repeated withdrawal changes nothing
            found = await withdraw(place, bad["feedback_id"])
            assert (found["state"], found["ratings"], found["reason"]) == ("withdrawn", MINIMUM, "FORGED")
        second = (await place.ratings())[MINIMUM:]
        assert sorted((r["feedback_id"], r["revision"], r["state"]) for r in second) == sorted(
            (r["feedback_id"], 2, "withdrawn") for r in first
        )
        # The answers of the four others are known: they wait until a full group of new ratings joins them.
        await place.votes(MINIMUM - 1, {"product": "2"})
        await place.publish()
        assert len(await place.ratings()) == 2 * MINIMUM
        await place.votes(1, {"product": "2"})
        await place.publish()
        third = (await place.ratings())[2 * MINIMUM :]
        assert len(third) == 2 * MINIMUM - 1
        assert not {r["feedback_id"] for r in third} & {r["feedback_id"] for r in first}
        assert sorted(str(r["ratings"]) for r in third) == sorted([str(RATINGS)] * 4 + [str({"product": 2})] * 5)
        states = sorted((item["state"], item["ratings"]) for item in await items(place))
        assert states == [("accepted", 9), ("withdrawn", 5)]


async def test_a_group_is_withdrawn_permanently(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(MINIMUM)
        await place.publish()
        [item] = await items(place)
        path = f"/feedback/v1/groups/{item['group_id']}/withdraw"
        answer = await place.http.post(path, json={"reason_code": "FORGED"})
        assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
        assert (await place.content()).waiting == ()
        assert await items(place, state="accepted") == []
        unknown = await place.http.post(f"/feedback/v1/groups/{uuid4()}/withdraw", json={"reason_code": "X"})
        assert unknown.status_code == 404


async def test_a_semesters_rest_is_published_for_the_unit(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        place.clock.set(END_OF_SEMESTER)
        other, full = uuid4(), uuid4()
        await place.hear(employee(other), employee(full))
        await place.votes(3)
        await place.votes(1, employee_id=str(other))
        await place.votes(1, employee_id=None, org_unit_id="unit-1")
        await place.votes(MINIMUM, employee_id=str(full))
        await place.votes(2, weight_class="counter")
        place.clock.advance(timedelta(minutes=5))
        await place.publish()  # waits for votes that came in time
        assert {r["employee_id"] for r in await place.ratings()} == {str(full)}
        place.clock.advance(timedelta(minutes=10))
        await place.publish()
        rest = (await place.ratings())[MINIMUM:]
        assert {
            (r["employee_id"], r["org_unit_id"], r["given_at"], r["group_size"], r["weight_class"]) for r in rest
        } == {(None, "unit-1", "2026-12-31T00:00:00+07:00", 5, "visit")}
        assert len(rest) == MINIMUM
        assert (await place.content()).waiting == ()
        # The two `counter` ratings are too few for a group in the unit: they wait with the city's.
        query = "/feedback/v1/satisfaction?semester=2026-S2"
        assert (await place.http.get(query)).json()["respondents"] == 2 * MINIMUM


async def test_ratings_without_a_group_in_their_unit_count_only_for_the_city(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with office(embedded_postgres) as place:
        place.clock.set(END_OF_SEMESTER)
        people = [uuid4() for _ in range(3)]
        await place.hear(*(employee(one, org_unit_id=f"unit-{n}") for n, one in enumerate(people)))
        for one in people[:2]:
            await place.votes(2, {"product": "4"}, employee_id=str(one))
        await place.votes(MINIMUM)
        place.clock.advance(timedelta(minutes=20))
        await place.publish()
        published = len(await place.ratings())
        assert published == MINIMUM
        query = "/feedback/v1/satisfaction?semester=2026-S2"
        assert (await place.http.get(query)).json()["respondents"] == MINIMUM  # four wait: too few for a group
        # A late vote for the old semester: a person accepts a quarantined vote only now.
        place.clock.set(END_OF_SEMESTER)
        path = await place.visit(employee_id=str(people[2]))
        await place.http.post(path, data={"product": "2", "surat_elektronik": "x"})
        place.clock.advance(timedelta(days=3))
        [batch] = (await place.http.get("/feedback/v1/quarantine")).json()["items"]
        decided = await place.http.post(
            f"/feedback/v1/quarantine/{batch['batch_id']}/accept", json={"reason_code": "CHECKED"}
        )
        assert decided.status_code == 200
        place.clock.advance(timedelta(minutes=11))
        await place.publish()
        assert len(await place.ratings()) == published
        whole = (await place.http.get(query)).json()
        assert (whole["org_unit_id"], whole["respondents"], whole["n"]["product"]) == (None, 10, 10)
        assert whole["means"]["product"] == "3.3000"  # five of 3, four of 4, one of 2
        unit = (await place.http.get(f"{query}&org_unit_id=unit-0")).json()
        assert (unit["respondents"], unit["ikm"]) == (0, None)


async def test_the_index_of_a_unit_omits_elements_with_too_few_answers(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(9, {"product": "3"})
        await place.votes(1, {"product": "3", "officer_conduct": "1"})
        await place.publish()
        answer = await place.http.get("/feedback/v1/satisfaction?org_unit_id=unit-1&semester=2026-S2")
        found = answer.json()
        assert (found["respondents"], found["n"]["officer_conduct"], found["means"]["officer_conduct"]) == (10, 0, None)
        assert (found["skm"], found["ikm"]) == ("3.0000", "75.00")
