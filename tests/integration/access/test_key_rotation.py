"""What a rotation must not do: give more rights than the old key had, keep the old key working, revive a revoked one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from embedded.postgres import EmbeddedPostgres
from shared.access.scopes import scopes_of
from shared.base.clock import FakeClock
from tests.fixtures.services import Running, running_service
from tests.integration.access.test_api_keys import NOW, PREFIXES, listed, make, rights, status


@pytest.fixture(params=list(PREFIXES))
async def service(
    request: pytest.FixtureRequest, embedded_postgres: EmbeddedPostgres
) -> AsyncIterator[tuple[str, Running]]:
    async with running_service(request.param, embedded_postgres, clock=FakeClock(NOW)) as running:
        yield request.param, running


async def test_a_new_key_has_the_limits_of_the_one_that_it_replaces(service: tuple[str, Running]) -> None:
    name, running = service
    prefix = PREFIXES[name]
    for scope in scopes_of(name):
        limits = {"employee_id": None, "machines": None, "org_unit_ids": ["unit-1"] if scope.by_unit else None}
        body = limits | rights(scope)
        old = await make(running, prefix, body)
        answer = await running.http.post(f"/{prefix}/v1/api-keys/{old['id']}/rotate")
        assert answer.status_code == 201, answer.text
        new = await listed(running, prefix, answer.json()["id"])
        assert {right: new[right] for right in body} == body


async def test_a_key_may_be_replaced_at_once_but_not_after_it_was_revoked(service: tuple[str, Running]) -> None:
    name, running = service
    prefix = PREFIXES[name]
    old = await make(running, prefix, rights(scopes_of(name)[0]))
    assert await status(running, prefix, old["token"]) == 403  # it works, and the process knows it now
    rotate = f"/{prefix}/v1/api-keys/{{}}/rotate"
    new = (await running.http.post(rotate.format(old["id"]), json={"overlap_hours": 0})).json()
    assert [await status(running, prefix, key["token"]) for key in (old, new)] == [401, 403]
    assert (await running.http.delete(f"/{prefix}/v1/api-keys/{new['id']}")).status_code == 204
    refused = await running.http.post(rotate.format(new["id"]))
    assert refused.status_code == 409, refused.text
    assert "revoked" in refused.json()["detail"]
    assert (await listed(running, prefix, new["id"]))["replaced_by"] is None
