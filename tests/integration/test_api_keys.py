"""The list of API keys is read on page by page."""

from __future__ import annotations

import pytest

from embedded.postgres import EmbeddedPostgres
from tests.fixtures.services import running_service


@pytest.mark.parametrize(("service", "prefix"), [("attendance", "attendance"), ("notifications", "notices")])
async def test_pages_give_each_key_once(embedded_postgres: EmbeddedPostgres, service: str, prefix: str) -> None:
    async with running_service(service, embedded_postgres) as running:
        refused = await running.http.post(f"/{prefix}/v1/api-keys", json={"name": "a", "scope": "no-such-scope"})
        assert refused.status_code == 422, refused.text
        scope = refused.json()["detail"].split("one of: ")[1].rstrip(".").split(", ")[0]
        made = set()
        for name in "abc":
            answer = await running.http.post(f"/{prefix}/v1/api-keys", json={"name": name, "scope": scope})
            assert answer.status_code == 201, answer.text
            made.add(answer.json()["id"])
        seen: list[str] = []
        after: dict[str, str] = {}
        while True:
            page = await running.http.get(f"/{prefix}/v1/api-keys", params={"limit": "1", **after})
            assert page.status_code == 200, page.text
            seen += [item["id"] for item in page.json()["items"]]
            if page.json()["next"] is None:
                break
            after = {"after": page.json()["next"]}
        assert len(seen) == len(set(seen))
        assert made <= set(seen)
