"""Links to officers' own pages: issued, used, listed without addresses, ended; in both services that have them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.access.links import INBOX, PAGE
from shared.base.clock import FakeClock
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.contracts.topics import EMPLOYEE
from shared.errors.errors import GoneError
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.postgres import fresh_database
from tests.integration.readers import receive

NOW = datetime(2026, 8, 4, 3, 0, tzinfo=UTC)
OFFICER = uuid4()
KINDS = {"scoring": ("scores", PAGE, "Nilai saya"), "notifications": ("notices", INBOX, "Kotak surat")}


@dataclass
class Place:
    """A service that knows one officer."""

    name: str
    running: Running
    clock: FakeClock
    url: str

    @property
    def prefix(self) -> str:
        return KINDS[self.name][0]

    async def issue(self, **body: Any) -> dict[str, Any]:
        new = {"employee_id": str(OFFICER)} | body
        answer = await self.running.http.post(f"/{self.prefix}/v1/links", json=new)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def items(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.running.http.get(f"/{self.prefix}/v1/links", params=query)
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def status(self, url: str) -> int:
        answer = await self.running.http.get(url.removeprefix("http://testserver"), headers={"Authorization": ""})
        return answer.status_code


@pytest.fixture(params=list(KINDS))
async def place(request: pytest.FixtureRequest, embedded_postgres: EmbeddedPostgres) -> AsyncIterator[Place]:
    clock, url = FakeClock(NOW), await fresh_database(embedded_postgres)
    async with running_service(request.param, embedded_postgres, clock=clock, database_url=url) as running:
        if request.param == "scoring":
            await running.app.part(ScoreUpkeep).round()
        await receive(running, incoming(EMPLOYEE, employee(OFFICER)))
        yield Place(request.param, running, clock, url)


async def test_a_link_opens_the_officer_s_page_until_its_end(place: Place) -> None:
    made = await place.issue()
    answer = await place.running.http.get(httpx.URL(made["url"]).path, headers={"Authorization": ""})
    assert answer.status_code == 200
    assert KINDS[place.name][2] in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert OFFICER.hex not in made["url"].replace("-", "")
    assert datetime.fromisoformat(made["expires_at"]) == NOW + timedelta(days=30)
    place.clock.advance(timedelta(days=30) - timedelta(seconds=1))
    assert await place.status(made["url"]) == 200
    place.clock.advance(timedelta(seconds=1))
    assert await place.status(made["url"]) == 410
    short = await place.issue(valid_days=1)
    assert datetime.fromisoformat(short["expires_at"]) == place.clock.now() + timedelta(days=1)


async def test_the_list_tells_who_made_it_when_it_was_used_and_no_address(place: Place) -> None:
    made, other = await place.issue(), await place.issue(valid_days=90)
    assert await place.status(made["url"]) == 200
    items = {item["id"]: item for item in await place.items(employee_id=str(OFFICER))}
    used, unused = items[made["id"]], items[other["id"]]
    assert (used["source"], used["state"], used["employee_id"]) == ("operator", "active", str(OFFICER))
    assert datetime.fromisoformat(used["last_used_at"]) == NOW
    assert unused["last_used_at"] is None
    assert made["url"].rsplit("/", 1)[1] not in str(items)
    assert await place.items(employee_id=str(uuid4())) == []
    place.clock.advance(timedelta(seconds=59))
    await place.status(made["url"])
    assert {item["last_used_at"] for item in await place.items()} == {used["last_used_at"], None}  # rounded to a minute
    seen, query = set(), {"limit": "1"}
    while True:
        page = (await place.running.http.get(f"/{place.prefix}/v1/links", params=query)).json()
        seen |= {item["id"] for item in page["items"]}
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert seen == {made["id"], other["id"]}


async def test_a_revoked_link_ends_at_once_in_every_process(place: Place, embedded_postgres: EmbeddedPostgres) -> None:
    made, other = await place.issue(), await place.issue()
    async with running_service(place.name, embedded_postgres, clock=place.clock, database_url=place.url) as second:
        elsewhere = Place(place.name, second, place.clock, place.url)
        assert await elsewhere.status(made["url"]) == 200
        path = f"/{place.prefix}/v1/links/{made['id']}"
        assert (await place.running.http.delete(path)).status_code == 204
        assert [await at.status(made["url"]) for at in (place, elsewhere)] == [410, 410]
        assert await elsewhere.status(other["url"]) == 200
    assert {item["state"] for item in await place.items()} == {"active", "revoked"}
    assert (await place.running.http.delete(f"/{place.prefix}/v1/links/{uuid4()}")).status_code == 404


async def test_a_new_signing_key_ends_all_of_them(place: Place, embedded_postgres: EmbeddedPostgres) -> None:
    made = await place.issue()
    async with running_service(
        place.name, embedded_postgres, clock=place.clock, database_url=place.url, link_key="another-link-key-by-now"
    ) as after:
        rotated = Place(place.name, after, place.clock, place.url)
        assert await rotated.status(made["url"]) == 404
        assert await rotated.status((await rotated.issue())["url"]) == 200


async def test_a_token_of_another_kind_or_of_nobody_opens_nothing(place: Place) -> None:
    made = await place.issue()
    token = made["url"].rsplit("/", 1)[1]
    other = INBOX if KINDS[place.name][1] is PAGE else PAGE
    links = place.running.context.links
    async with place.running.context.database.transaction() as session:
        foreign = await links.issue(session, other, OFFICER, source="operator")
    path = KINDS[place.name][1].path
    for forged in (foreign.token, token[:-1], token + "x", token.swapcase(), OFFICER.hex, "x", "%00", "ï"):
        assert await place.status(f"{path}/{forged}") == 404
    async with place.running.context.database.transaction() as session:
        await session.execute(text("delete from link"))
    assert await place.status(made["url"]) == 404


async def test_for_nobody_there_is_no_link(place: Place) -> None:
    path = f"/{place.prefix}/v1/links"
    for nobody in (uuid4(), CANARY_EMPLOYEE_ID):
        assert (await place.running.http.post(path, json={"employee_id": str(nobody)})).status_code == 404
    for days in (0, 367):
        body = {"employee_id": str(OFFICER), "valid_days": days}
        assert (await place.running.http.post(path, json=body)).status_code == 422


async def test_what_ended_long_ago_is_forgotten(place: Place) -> None:
    revoked, expired = await place.issue(valid_days=200), await place.issue(valid_days=1)
    kept = await place.issue(valid_days=200)
    await place.running.http.delete(f"/{place.prefix}/v1/links/{revoked['id']}")
    context = place.running.context
    for days, left in (
        (90, {revoked["id"], expired["id"], kept["id"]}),
        (1, {expired["id"], kept["id"]}),
        (1, {kept["id"]}),
    ):
        place.clock.advance(timedelta(days=days))
        async with context.database.transaction() as session:
            await context.links.forget(session)
        assert {item["id"] for item in await place.items()} == left


async def test_the_same_origin_is_the_same_link_unless_it_was_revoked(place: Place) -> None:
    context, kind, notice = place.running.context, KINDS[place.name][1], uuid4()

    async def again() -> UUID:
        async with context.database.transaction() as session:
            return (await context.links.issue(session, kind, OFFICER, source="mail", origin=notice)).id

    first = await again()
    place.clock.advance(timedelta(days=10))
    assert await again() == first
    [item] = await place.items()
    assert datetime.fromisoformat(item["expires_at"]) == NOW + timedelta(days=40)
    async with context.database.transaction() as session:
        with pytest.raises(GoneError):  # a link never passes on to another officer
            await context.links.issue(session, kind, uuid4(), source="mail", origin=notice)
    await place.running.http.delete(f"/{place.prefix}/v1/links/{first}")
    with pytest.raises(GoneError, match="dicabut"):
        await again()


@asynccontextmanager
async def both_services(server: EmbeddedPostgres, clock: FakeClock) -> AsyncIterator[tuple[Running, Running]]:
    """Notifications and scoring, which know the officer."""
    async with (
        running_service("notifications", server, clock=clock) as notices,
        running_service("scoring", server, clock=clock) as scores,
    ):
        await scores.app.part(ScoreUpkeep).round()
        for service in (notices, scores):
            await receive(service, incoming(EMPLOYEE, employee(OFFICER)))
        yield notices, scores


def score_link(inbox: httpx.Response) -> str:
    """The path of the "Nilai saya" link."""
    assert inbox.status_code == 200, inbox.text
    assert "/my/" not in inbox.text  # no handover that outlives the link
    return inbox.text.split('href="')[1].split('"')[0]


@pytest.mark.parametrize("end", ["revoked", "expired"])
async def test_an_inbox_page_that_stands_open_outlives_no_end_of_its_link(
    embedded_postgres: EmbeddedPostgres, end: str
) -> None:
    clock = FakeClock(NOW)
    async with both_services(embedded_postgres, clock) as (notices, scores):
        made = (
            await notices.http.post("/notices/v1/links", json={"employee_id": str(OFFICER), "valid_days": 1})
        ).json()
        page = await notices.http.get(httpx.URL(made["url"]).path)
        if end == "revoked":
            assert (await notices.http.delete(f"/notices/v1/links/{made['id']}")).status_code == 204
        else:
            clock.advance(timedelta(days=1))
        refused = await notices.http.get(score_link(page), headers={"Authorization": ""})
        assert refused.status_code == 410
        assert "Tautan ini tidak berlaku lagi" in refused.text
        assert (await scores.http.get("/scores/v1/links")).json()["items"] == []
        assert (await notices.http.get("/notices/inbox/unknown/score")).status_code == 404


async def test_an_open_inbox_leads_to_the_same_officer_s_page(embedded_postgres: EmbeddedPostgres) -> None:
    clock = FakeClock(NOW)
    async with both_services(embedded_postgres, clock) as (notices, scores):
        new = {"employee_id": str(OFFICER)}
        inbox = (await notices.http.post("/notices/v1/links", json=new)).json()["url"]

        async def way() -> str:
            answer = await notices.http.get(score_link(await notices.http.get(httpx.URL(inbox).path)))
            assert (answer.status_code, answer.headers["cache-control"]) == (303, "no-store")
            return answer.headers["location"]

        opened = [await scores.http.get(await way()) for _ in range(3)]
        assert {answer.status_code for answer in opened} == {303}
        [path] = {answer.headers["location"] for answer in opened}  # every time the same link
        assert "Contoh Pegawai" in (await scores.http.get(path)).text
        [item] = (await scores.http.get("/scores/v1/links")).json()["items"]
        assert (item["source"], item["employee_id"]) == ("inbox", str(OFFICER))
        old = await way()
        clock.advance(timedelta(seconds=59))
        assert (await scores.http.get(old)).status_code == 303
        clock.advance(timedelta(seconds=1))
        assert (await scores.http.get(old)).status_code == 410
        assert (await scores.http.get(old + "x")).status_code == 404
        clock.advance(timedelta(hours=24))
        assert (await scores.http.get(path)).status_code == 410  # a link from the inbox is valid for one day
        assert (await scores.http.get(await way())).headers["location"] == path
        assert (await scores.http.get(path)).status_code == 200
        await scores.http.delete(f"/scores/v1/links/{item['id']}")
        assert (await scores.http.get(await way())).status_code == 410


async def test_head_answers_as_get_does_but_is_no_use_of_the_link(place: Place) -> None:
    made = await place.issue()
    path = httpx.URL(made["url"]).path
    redirect = {
        "scoring": f"{PAGE.path}/open/{place.running.context.links.handover(uuid4(), OFFICER)}",
        "notifications": f"{path}/score",
    }[place.name]
    for url, status in ((path, 200), (redirect, 303)):
        head = await place.running.http.head(url, headers={"Authorization": ""})
        assert head.status_code == status
    [unused] = await place.items()  # HEAD on the way from the inbox to the page issues no link
    assert unused["last_used_at"] is None
    assert await place.status(made["url"]) == 200
    [used] = await place.items()
    assert datetime.fromisoformat(used["last_used_at"]) == NOW
