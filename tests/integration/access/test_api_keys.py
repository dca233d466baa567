"""API keys in every service: what each allows, when it ends, how it is replaced, and what the list shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.access import auth, keys
from shared.access.scopes import SCOPES, Scope, scopes_of
from shared.base.clock import FakeClock
from shared.base.ids import new_id
from tests.fixtures.faults.store_faults import until_waiting
from tests.fixtures.services import Running, key_name, running_service
from tests.fixtures.stores.postgres import fresh_database

PREFIXES = {"attendance": "attendance", "feedback": "feedback", "scoring": "scores", "notifications": "notices"}
NOW = datetime(2026, 8, 4, 3, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture(params=list(PREFIXES))
async def service(
    request: pytest.FixtureRequest, embedded_postgres: EmbeddedPostgres, clock: FakeClock
) -> AsyncIterator[tuple[str, Running]]:
    async with running_service(request.param, embedded_postgres, clock=clock) as running:
        yield request.param, running


def rights(scope: Scope) -> dict[str, Any]:
    """The body that creates a key with this scope only."""
    body: dict[str, Any] = {"name": key_name(), "scopes": [scope.name]}
    if scope.by_machine:
        body["machines"] = ["M1"]
    if scope.by_officer:
        body["employee_id"] = str(uuid4())
    return body


async def make(running: Running, prefix: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await running.http.post(f"/{prefix}/v1/api-keys", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def status(running: Running, prefix: str, token: str) -> int:
    """The status for a key at a route that no scope allows: 403 while the key is valid, 401 after its end."""
    return (await running.http.get(f"/{prefix}/v1/api-keys", headers=bearer(token))).status_code


async def listed(running: Running, prefix: str, key_id: str) -> dict[str, Any]:
    answer = await running.http.get(f"/{prefix}/v1/api-keys/{key_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_pages_give_each_key_once(service: tuple[str, Running]) -> None:
    name, running = service
    prefix = PREFIXES[name]
    made = {(await make(running, prefix, rights(scopes_of(name)[0])))["id"] for _ in range(3)}
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await running.http.get(f"/{prefix}/v1/api-keys", params={"limit": "1", **after})).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(seen) == len(set(seen))
    assert made == set(seen)
    assert "secret" not in str(page)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(str(uuid4()), id="an id alone"),
        pytest.param(f"{uuid4()}.x", id="a random id"),
        pytest.param(f"{new_id()}.{'a' * 43}", id="a new id"),
        pytest.param("x", id="x"),
        pytest.param("x" * 5_000, id="long"),
    ],
)
async def test_an_unknown_key_is_refused_and_no_fault(service: tuple[str, Running], token: str) -> None:
    name, running = service
    assert await status(running, PREFIXES[name], token) == 401


async def test_each_scope_opens_what_the_description_says_and_nothing_else(service: tuple[str, Running]) -> None:
    name, running = service
    description = (await running.http.get(f"/{PREFIXES[name]}/openapi.json")).json()
    operations = [
        (method, path.replace("{", "").replace("}", ""), operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    guarded = [
        (method, path, next(iter(scheme.values())))
        for method, path, operation in operations
        for scheme in operation.get("security", [])
    ]
    assert {scope for _, _, scopes in guarded for scope in scopes} == {scope.name for scope in scopes_of(name)}
    for scope in scopes_of(name):
        token = (await make(running, PREFIXES[name], rights(scope)))["token"]
        for method, path, scopes in guarded:
            answer = await running.http.request(method, path, headers=bearer(token))
            # an allowed route answers 404 or 422 because there is no body or real id
            assert (answer.status_code == 403) == (scope.name not in scopes), (scope.name, method, path, answer.text)
            assert answer.status_code != 401
            assert (await running.http.request(method, path, headers={"Authorization": ""})).status_code == 401


async def test_limits_that_are_missing_or_that_nothing_heeds_are_refused(service: tuple[str, Running]) -> None:
    name, running = service
    path = f"/{PREFIXES[name]}/v1/api-keys"
    foreign = next(scope for scope in SCOPES if scope.service != name)
    refused: list[tuple[dict[str, Any], str]] = [
        ({"scopes": ["no-such-scope"]}, "one or more of"),
        ({"scopes": [foreign.name]}, "one or more of"),
        ({"scopes": []}, "not valid"),
    ]
    for scope in scopes_of(name):
        body = {"scopes": [scope.name]}
        if scope.by_machine or scope.by_officer:
            refused.append((body, "`machines`" if scope.by_machine else "`employee_id`"))
        if not scope.by_machine:
            refused.append((rights(scope) | {"machines": ["M1"]}, "`machines`"))
        if not scope.by_officer:
            refused.append((rights(scope) | {"employee_id": str(uuid4())}, "`employee_id`"))
        if not scope.by_unit:
            refused.append((rights(scope) | {"org_unit_ids": ["unit-1"]}, "`org_unit_ids`"))
        good = rights(scope)
        refused.append((good | {"org_unit_ids": []}, "not valid"))  # an empty list of units does not mean "all units"
        refused.append((good | {"expires_at": NOW.isoformat()}, "`expires_at`"))
        refused.append((good | {"expires_at": (NOW + timedelta(days=6 * 365)).isoformat()}, "`expires_at`"))
        refused.append((good | {"token": "short"}, "`token`"))
    for body, words in refused:
        answer = await running.http.post(path, json={"name": key_name()} | body)
        assert answer.status_code == 422, (body, answer.text)
        assert words in answer.text, body


async def test_a_key_ends_by_itself_although_it_was_just_used(service: tuple[str, Running], clock: FakeClock) -> None:
    name, running = service
    prefix, body = PREFIXES[name], rights(scopes_of(name)[0])
    token = (await make(running, prefix, body | {"expires_at": (NOW + timedelta(hours=1)).isoformat()}))["token"]
    clock.advance(timedelta(minutes=59, seconds=59))
    assert await status(running, prefix, token) == 403
    clock.advance(timedelta(seconds=1))
    assert await status(running, prefix, token) == 401
    default = await make(running, prefix, body)  # the name is free again
    assert datetime.fromisoformat(default["expires_at"]) == clock.now() + timedelta(days=365)
    assert (await listed(running, prefix, token.split(".")[0]))["state"] == "expired"


async def test_a_revoked_key_ends_in_every_process(
    embedded_postgres: EmbeddedPostgres, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert auth.CACHE_SECONDS <= 5
    for name, prefix in PREFIXES.items():
        url = await fresh_database(embedded_postgres)
        async with (
            running_service(name, embedded_postgres, clock=clock, database_url=url) as one,
            running_service(name, embedded_postgres, clock=clock, database_url=url) as other,
        ):
            made = await make(one, prefix, rights(scopes_of(name)[0]))
            assert [await status(at, prefix, made["token"]) for at in (one, other)] == [403, 403]
            assert (await one.http.delete(f"/{prefix}/v1/api-keys/{made['id']}")).status_code == 204
            assert await status(one, prefix, made["token"]) == 401
            with monkeypatch.context() as later:
                later.setattr(auth, "CACHE_SECONDS", 0.0)  # the cached key has expired
                assert await status(other, prefix, made["token"]) == 401
            assert (await listed(other, prefix, made["id"]))["state"] == "revoked"
            missing = await one.http.delete(f"/{prefix}/v1/api-keys/{uuid4()}")
            assert missing.status_code == 404


async def test_a_replaced_key_works_until_its_overlap_is_over(service: tuple[str, Running], clock: FakeClock) -> None:
    name, running = service
    prefix, body = PREFIXES[name], rights(scopes_of(name)[0])
    old = await make(running, prefix, body | {"expires_at": (NOW + timedelta(days=90)).isoformat()})
    clock.advance(timedelta(days=80))
    path = f"/{prefix}/v1/api-keys/{old['id']}/rotate"
    answer = await running.http.post(path, json={"overlap_hours": 24})
    assert answer.status_code == 201, answer.text
    new = answer.json()
    assert datetime.fromisoformat(new["expires_at"]) == clock.now() + timedelta(days=90)
    replaced, fresh = await listed(running, prefix, old["id"]), await listed(running, prefix, new["id"])
    assert (replaced["state"], replaced["replaced_by"], fresh["state"]) == ("replaced", new["id"], "active")
    for right in ("name", "scopes", "employee_id", "org_unit_ids", "machines"):
        assert fresh[right] == replaced[right]
    clock.advance(timedelta(hours=23, minutes=59))
    assert [await status(running, prefix, key["token"]) for key in (old, new)] == [403, 403]
    clock.advance(timedelta(minutes=1))
    assert [await status(running, prefix, key["token"]) for key in (old, new)] == [401, 403]
    assert (await running.http.post(path, json={})).status_code == 409
    # the default is a week, and never later than the old key's own end
    clock.advance(timedelta(days=89) - timedelta(days=3))
    again = (await running.http.post(f"/{prefix}/v1/api-keys/{new['id']}/rotate")).json()
    assert again["id"] != new["id"]
    ends = (await listed(running, prefix, new["id"]))["expires_at"]
    assert ends == fresh["expires_at"]


async def test_the_last_use_is_noted_once_a_minute(
    service: tuple[str, Running], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, running = service
    prefix = PREFIXES[name]
    monkeypatch.setattr(auth, "CACHE_SECONDS", 0.0)
    made = await make(running, prefix, rights(scopes_of(name)[0]))
    assert (await listed(running, prefix, made["id"]))["last_used_at"] is None
    assert await status(running, prefix, f"{made['id']}.{'b' * 43}") == 401
    assert (await listed(running, prefix, made["id"]))["last_used_at"] is None  # a wrong secret does not count as use

    async def row_version() -> Any:
        async with running.context.database.transaction() as session:
            return (await session.execute(text("select xmin from api_key"))).scalar_one()

    clock.advance(timedelta(minutes=5))
    versions = []
    for _ in range(3):
        assert await status(running, prefix, made["token"]) == 403
        versions.append(await row_version())
        clock.advance(timedelta(seconds=29))
    assert len(set(versions)) == 1
    assert datetime.fromisoformat((await listed(running, prefix, made["id"]))["last_used_at"]) == NOW + timedelta(
        minutes=5
    )
    assert await status(running, prefix, made["token"]) == 403
    assert await row_version() != versions[0]


async def test_a_name_has_one_holder_until_its_keys_end(service: tuple[str, Running], clock: FakeClock) -> None:
    name, running = service
    prefix, path = PREFIXES[name], f"/{PREFIXES[name]}/v1/api-keys"
    body = rights(scopes_of(name)[0]) | {"name": "Loket Disdukcapil"}
    old = await make(running, prefix, body)
    new = (await running.http.post(f"{path}/{old['id']}/rotate", json={"overlap_hours": 1})).json()
    for same in ("Loket Disdukcapil", "LOKET disdukcapil"):
        refused = await running.http.post(path, json=body | {"name": same})
        assert refused.status_code == 409
        assert "another name" in refused.json()["detail"]
        assert "rotate" in refused.json()["detail"]
    clock.advance(timedelta(hours=2))  # the old key has ended, the new one works
    assert (await running.http.post(path, json=body)).status_code == 409
    await running.http.delete(f"{path}/{new['id']}")
    async with running.context.database.transaction() as session:
        await keys.issue(session, keys.Rights(body["name"], body["scopes"]), clock.now())
        second = asyncio.create_task(running.http.post(path, json=body))
        await until_waiting(session)
    assert (await second).status_code == 409  # it waited until the first was committed


async def test_one_token_may_open_several_services(embedded_postgres: EmbeddedPostgres, clock: FakeClock) -> None:
    async with (
        running_service("scoring", embedded_postgres, clock=clock) as scoring,
        running_service("attendance", embedded_postgres, clock=clock) as attendance,
    ):
        await scoring.app.part(ScoreUpkeep).round()
        made = await make(scoring, "scores", {"name": "hris", "scopes": ["scores:read"], "org_unit_ids": ["unit-1"]})
        same = {"name": "hris", "scopes": ["days:read", "employees:read"], "token": made["token"]}
        assert (await make(attendance, "attendance", same))["id"] == made["id"]
        assert (await attendance.http.post("/attendance/v1/api-keys", json=same)).status_code == 409
        for running, path in ((scoring, "/scores/v1/employees"), (attendance, "/attendance/v1/employees")):
            assert (await running.http.get(path, headers=bearer(made["token"]))).json() == {"items": [], "next": None}


async def test_nothing_in_the_table_opens_a_door(service: tuple[str, Running]) -> None:
    name, running = service
    made = await make(running, PREFIXES[name], rights(scopes_of(name)[0]))
    secret = made["token"].split(".")[1]
    assert len(secret) == 43
    async with running.context.database.transaction() as session:
        row = (await session.execute(text("select to_jsonb(k) from api_key k"))).scalar_one()
    assert secret not in str(row)
    assert UUID(row["id"]) == UUID(made["id"])
