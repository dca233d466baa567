"""A wrong request is answered with what to do: as problem+json for programs, as a page for browsers."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from embedded.gateway import make_gateway
from embedded.postgres import EmbeddedPostgres
from shared.db.migrations import SERVICES
from shared.errors import errors
from shared.errors.problem_types import BY_CODE, PROBLEM_TYPES
from shared.settings.url_space import API_PAGES, PREFIXES
from tests.fixtures.services import Running, running_service

ROOT = Path(__file__).resolve().parents[3]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
VISIT = '{"org_unit_id": "disdukcapil", "service": "KTP-el"}'


@pytest.fixture
async def feedback(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[Running]:
    async with running_service("feedback", embedded_postgres) as running:
        yield running


def refused(answer: httpx.Response, code: str) -> dict[str, Any]:
    """The problem document; its type is registered, with the same status and title."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document: dict[str, Any] = answer.json()
    kind = BY_CODE[code]
    assert (document["type"], document["title"], document["status"]) == (kind.uri, kind.title, kind.status)
    assert answer.status_code == kind.status
    return document


@pytest.mark.parametrize("service", SERVICES)
async def test_a_wrong_path_names_the_page_with_the_right_ones(
    service: str, embedded_postgres: EmbeddedPostgres
) -> None:
    prefix = PREFIXES[service]
    async with running_service(service, embedded_postgres) as running:
        document = refused(await running.http.get(f"/{prefix}/v1/employes"), "no-such-address")
        assert document["detail"] == (
            f"There is nothing at /{prefix}/v1/employes. The paths of this API are listed at /{prefix}/docs."
        )
        assert (await running.http.get(API_PAGES[prefix])).status_code == 200
        outside = refused(await running.http.get("/employees"), "no-such-address")
        assert all(page in outside["detail"] for page in API_PAGES.values())
        page = await running.http.get(f"/{prefix}/v1/<b>", headers={"Accept": BROWSER})
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert f"/{prefix}/docs" in page.text
        assert "<b>" not in page.text


async def test_a_wrong_method_is_told_all_methods_of_the_path(feedback: Running) -> None:
    answer = await feedback.http.put("/feedback/v1/api-keys")
    assert refused(answer, "method-not-allowed")["detail"] == "Use GET or POST here."
    assert answer.headers["allow"] == "GET, HEAD, POST"  # two routes have this path, with one method each
    page = await feedback.http.put("/feedback/v1/api-keys", headers={"Accept": BROWSER})
    assert (page.status_code, page.headers["allow"]) == (405, "GET, HEAD, POST")
    assert "Use GET or POST here." in page.text


@pytest.mark.parametrize("sent", [None, "application/x-www-form-urlencoded", "text/plain", "nonsense"])
async def test_a_forgotten_content_type_is_told_which_one(feedback: Running, sent: str | None) -> None:
    headers = {} if sent is None else {"Content-Type": sent}
    answer = await feedback.http.post("/feedback/v1/visits", content=VISIT, headers=headers)
    document = refused(answer, "unsupported-media-type")
    assert document["detail"] == ("Send the body as application/json: add the header Content-Type: application/json.")
    assert answer.headers["accept"] == "application/json"
    right = await feedback.http.post(
        "/feedback/v1/visits", content=VISIT, headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert right.status_code == 201, right.text


async def test_rules_sent_as_json_are_told_the_type(embedded_postgres: EmbeddedPostgres) -> None:
    async with running_service("scoring", embedded_postgres) as scoring:
        answer = await scoring.http.post("/scores/v1/policies", json={"id": "default"})
        document = refused(answer, "unsupported-media-type")
        assert "Content-Type: application/yaml" in document["detail"]


async def test_a_missing_body_is_no_wrong_content_type(feedback: Running) -> None:
    document = refused(await feedback.http.post("/feedback/v1/visits"), "invalid-request")
    assert document["detail"] == "Correct the body: Field required."
    assert refused(
        await feedback.http.post("/feedback/v1/visits", content="{", headers={"Content-Type": "application/json"}),
        "not-json",
    )["errors"]


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("limit=5000", "invalid-request", "Correct the query parameter `limit`: Input should be less than or equal to"),
        ("limit=0", "invalid-request", "Correct the query parameter `limit`: Input should be greater than or equal to"),
        ("limit=many", "invalid-request", "Correct the query parameter `limit`: Input should be a valid integer"),
        (
            "limit=0&state=old",
            "invalid-request",
            "Correct the query parameter `state` and 1 more, which `errors` lists",
        ),
        ("after=2", "invalid-content", "The cursor `after` is not from this list. Send the `next` of"),
    ],
)
async def test_a_wrong_page_of_a_list_says_what_to_correct(
    feedback: Running, query: str, code: str, words: str
) -> None:
    document = refused(await feedback.http.get(f"/feedback/v1/feedback?{query}"), code)
    assert document["detail"].startswith(words)


async def test_without_a_key_a_browser_gets_a_page_and_a_program_a_document(feedback: Running) -> None:
    keyless = {"Authorization": ""}
    answer = await feedback.http.get("/feedback/v1/feedback", headers=keyless)
    refused(answer, "unauthorized")
    page = await feedback.http.get("/feedback/v1/feedback", headers={**keyless, "Accept": BROWSER})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["www-authenticate"] == answer.headers["www-authenticate"] == "Bearer"
    assert 'href="/problems/unauthorized"' in page.text


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_serves_the_page_of_each_type(service: str, embedded_postgres: EmbeddedPostgres) -> None:
    async with running_service(service, embedded_postgres) as running:
        every = await running.http.get("/problems")
        for kind in PROBLEM_TYPES:
            assert f'href="{kind.uri}"' in every.text
            page = await running.http.get(kind.uri)
            assert page.status_code == 200
            assert f"<h1>{kind.title}</h1>" in page.text
            assert kind.remedy.partition("`")[0].rstrip() in page.text
        unknown = await running.http.get("/problems/none", headers={"Accept": BROWSER})
        assert unknown.status_code == 404
        assert unknown.headers["content-type"].startswith("text/html")


async def test_the_gateway_leads_to_the_pages_and_keeps_metrics_inside(embedded_postgres: EmbeddedPostgres) -> None:
    async with running_service("scoring", embedded_postgres) as scoring:
        gateway = make_gateway(dict.fromkeys(SERVICES, scoring.app))
        transport = httpx.ASGITransport(app=gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            assert (await http.get("/problems/conflict")).status_code == 200
            refused(await http.get("/scores/metrics"), "no-such-address")
            page = await http.get("/scores/metrics", headers={"Accept": BROWSER})
            assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_every_refusal_has_a_registered_type() -> None:
    raised = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.AppError)]
    assert {kind.kind.code for kind in raised} <= set(BY_CODE)
    assert len(BY_CODE) == len(PROBLEM_TYPES)
    for folder in ("shared", "services", "embedded"):  # `problem` takes a ProblemType, and only that file creates them
        for file in (ROOT / folder).rglob("*.py"):
            assert "ProblemType(" not in file.read_text() or file.name == "problem_types.py", file


@pytest.mark.parametrize(
    ("service", "path", "words"),
    [
        ("scoring", "/scores/v1/employees?org_unit=x",
         "parameter `org_unit`: there is no such parameter; did you mean `org_unit_id`"),
        ("attendance", "/attendance/v1/employees?page=2", "the known ones are `after`, "),
        ("attendance", "/attendance/v1/machines?limit=2", "this operation has no query parameters"),
        ("notifications", "/notices/v1/notices?state=draft&State=draft", "did you mean `state`?"),
    ],
)  # fmt: skip
async def test_a_filter_that_does_not_exist_is_refused(
    service: str, path: str, words: str, embedded_postgres: EmbeddedPostgres
) -> None:
    async with running_service(service, embedded_postgres) as running:
        document = refused(await running.http.get(path), "invalid-request")
        assert words in document["detail"]
        assert (await running.http.head(path)).status_code == 422
        health = await running.http.get(f"/{PREFIXES[service]}/health/live?now=1")
        assert health.status_code == 200
