"""The events' contract at one address: JSON for programs, a self-contained page for browsers."""

from __future__ import annotations

import copy

import httpx
import pytest

from services.scoring.app import create
from services.scoring.operations.contract_routes import contract_page
from shared.contracts.asyncapi import asyncapi_document, servers_of
from tests.fixtures.services import settings_for

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


LISTENER = "kafka.example.go.id:9094"
DOCUMENT = asyncapi_document(servers_of(LISTENER, "SASL_SSL"))


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = create(settings_for("scoring", "postgresql+asyncpg://nobody@127.0.0.1/none", kafka_external_address=LISTENER))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://testserver")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html;q=0.5", ""])
async def test_programs_get_json(client: httpx.AsyncClient, accept: str) -> None:
    for path in ("/scores/asyncapi", "/scores/asyncapi.json"):
        answer = await client.get(path, headers={"Accept": accept})
        assert answer.json() == DOCUMENT
    assert (await client.get("/scores/asyncapi.json", headers={"Accept": BROWSER})).json() == DOCUMENT


async def test_a_browser_gets_every_field_and_example(client: httpx.AsyncClient) -> None:
    answer = await client.get("/scores/asyncapi", headers={"Accept": BROWSER})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    document = DOCUMENT
    for channel in document["channels"]:
        assert f'id="{channel}"' in answer.text
    for schema in document["components"]["schemas"].values():
        for field in schema.get("properties", {}):
            assert f"<code>{field}</code>" in answer.text
    for message in document["components"]["messages"].values():
        assert answer.text.count("<pre") >= len(message["examples"])


def test_servers_are_shown_with_how_to_log_in() -> None:
    document = copy.deepcopy(asyncapi_document())
    document["components"]["securitySchemes"] = {"login": {"type": "scramSha512", "description": "User `hr_x`."}}
    document["servers"] = {
        "city": {
            "host": "kafka.example.go.id:9093",
            "protocol": "kafka-secure",
            "description": "First.\n\nSecond <b>.",
            "security": [{"$ref": "#/components/securitySchemes/login"}],
        }
    }
    page = bytes(contract_page(document).body).decode()
    assert "<h2>Servers</h2>" in page
    assert "<code>kafka.example.go.id:9093</code>" in page
    assert "scramSha512: User <code>hr_x</code>." in page
    assert "<p>Second &lt;b&gt;.</p>" in page
    document["servers"] = {}
    assert "<h2>Servers</h2>" not in bytes(contract_page(document).body).decode()
