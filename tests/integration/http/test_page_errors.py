"""On a page's address every refusal is a page in the reader's language; APIs also answer browsers with pages."""

from __future__ import annotations

import importlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.responses import HTMLResponse
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from embedded.postgres import EmbeddedPostgres
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from shared.db.migrations import SERVICES
from shared.errors.problem_types import ProblemType
from shared.http.problems import problem
from shared.service.page_errors import API_SEGMENTS, MESSAGES, PAGE_PATHS, PageErrors, answers_with_pages, language_of
from shared.settings.url_space import ROUTES
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, running_service, settings_for
from tests.integration.readers import receive

NOW = datetime(2026, 8, 4, 3, 0, tzinfo=UTC)
OFFICER = uuid4()
BROWSER = {"Authorization": "", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES = {"scoring": "/my/{token}", "notifications": "/notices/inbox/{token}", "feedback": "/f/{token}"}


@pytest.fixture(params=list(PAGES))
async def service(
    request: pytest.FixtureRequest, embedded_postgres: EmbeddedPostgres
) -> AsyncIterator[tuple[str, Running]]:
    async with running_service(request.param, embedded_postgres, clock=FakeClock(NOW)) as running:
        await receive(running, incoming(EMPLOYEE, employee(OFFICER)))
        yield request.param, running


def assert_page(answer: httpx.Response, status: int, language: str = "id") -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert f'<html lang="{language}">' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    return answer.text


async def test_each_refusal_on_a_page_is_a_page(service: tuple[str, Running]) -> None:
    name, running = service
    page, http = PAGES[name].format(token="x" * 43), running.http
    assert_page(await http.get(page, headers=BROWSER), 404)
    assert_page(await http.get(f"{page}/no/such/page", headers=BROWSER), 404)
    wrong = await http.put(page, headers=BROWSER)
    assert_page(wrong, 405)
    assert "GET" in wrong.headers["allow"]
    assert_page(await http.post(page, headers=BROWSER, content=b"x" * 1_100_000), 413)
    # a program also gets the page: these addresses have no JSON
    assert_page(await http.get(page, headers={"Accept": "*/*"}), 404)
    interface = {"scoring": "scores", "notifications": "notices", "feedback": "feedback"}[name]
    refused = await http.get(f"/{interface}/v1/no-such-thing", headers={"Accept": "*/*"})
    assert (refused.status_code, refused.headers["content-type"]) == (404, "application/problem+json")


async def test_a_fault_on_a_page_is_a_page_with_its_code(service: tuple[str, Running]) -> None:
    name, running = service
    path = PAGES[name]
    if name == "feedback":
        new = {"org_unit_id": "unit-1", "service": "KTP-el"}
        url = (await running.http.post("/feedback/v1/visits", json=new)).json()["url"]
        table = "visit"
    else:
        prefix = "scores" if name == "scoring" else "notices"
        url = (await running.http.post(f"/{prefix}/v1/links", json={"employee_id": str(OFFICER)})).json()["url"]
        table = "link"
    path = httpx.URL(url).path
    async with running.context.database.transaction() as holding:
        await holding.execute(text(f"lock table {table} in access exclusive mode"))
        busy = await running.http.get(path, headers=BROWSER)
    assert_page(busy, 503)
    async with running.context.database.transaction() as session:
        await session.execute(text(f"drop table {table}"))
    broken = await running.http.get(path, headers=BROWSER)
    assert broken.headers["x-request-id"] in assert_page(broken, 500)


async def test_the_inbox_s_button_answers_with_pages_too(embedded_postgres: EmbeddedPostgres) -> None:
    async with running_service("notifications", embedded_postgres, clock=FakeClock(NOW)) as running:
        await receive(running, incoming(EMPLOYEE, employee(OFFICER)))
        new = {"employee_id": str(OFFICER)}
        path = httpx.URL((await running.http.post("/notices/v1/links", json=new)).json()["url"]).path
        for identifier, status in ((uuid4(), 404), ("x", 422)):
            answer = await running.http.post(f"{path}/{identifier}/acknowledge", headers=BROWSER)
            assert_page(answer, status)
        assert_page(await running.http.post(f"/notices/inbox/x/{uuid4()}/acknowledge", headers=BROWSER), 404)


async def test_a_semester_that_is_none_is_reported_on_a_page(embedded_postgres: EmbeddedPostgres) -> None:
    async with running_service("scoring", embedded_postgres, clock=FakeClock(NOW)) as running:
        assert_page(await running.http.get("/my/x", params={"semester": "2026-S3"}, headers=BROWSER), 422)
        assert_page(await running.http.get("/my/x", params={"semester": "x" * 99}, headers=BROWSER), 422)
        english = await running.http.get("/my/x", headers=BROWSER | {"Accept-Language": "en-GB,en;q=0.9,id;q=0.8"})
        assert "This link is not known" in assert_page(english, 404, "en")
        assert english.headers["content-language"] == "en"


async def test_a_wrong_address_is_a_page_for_a_person_and_a_document_for_a_program(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with running_service("scoring", embedded_postgres, clock=FakeClock(NOW)) as running:
        for method, path, status in (("GET", "/no/page", 404), ("POST", "/", 405), ("GET", "/problems/none", 404)):
            program = await running.http.request(method, path, headers={"Accept": "*/*"})
            assert (program.status_code, program.headers["content-type"]) == (status, "application/problem+json"), path
            language = "en" if path.startswith("/problems") else "id"  # a page for developers
            page = assert_page(await running.http.request(method, path, headers=BROWSER), status, language)
            assert '<a href="/">' in page
            assert "Tautan ini tidak dikenal" not in page
        front = await running.http.get("/")
        for link in set(re.findall(r'href="(/(?:scores|problems)[^"]*)"', front.text)):
            assert (await running.http.get(link)).status_code == 200, link
        assert "/problems" in front.text


@pytest.mark.parametrize("status", sorted({*MESSAGES, 418, 502}))
async def test_every_status_has_a_page_in_each_language(status: int) -> None:
    async def refuse(_: Request) -> Response:
        kind = ProblemType("a-type", status, "A title", "", "", "")
        return problem(kind, "English words for a program.", headers={"Retry-After": "7"})

    app = Starlette(routes=[Route("/my/{token}", refuse)], middleware=[Middleware(PageErrors)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://testserver") as http:
        for language in ("id", "en"):
            answer = await http.get("/my/x", headers={"Accept-Language": language})
            assert (answer.status_code, answer.headers["content-language"]) == (status, language)
            assert answer.headers["retry-after"] in ("5", "7")
            assert "English words for a program." not in answer.text
            assert "problem+json" not in answer.headers["content-type"]


async def test_what_is_no_refusal_passes_as_it_is() -> None:
    async def fine(_: Request) -> Response:
        return PlainTextResponse("as it is", status_code=404)

    app = Starlette(routes=[Route("/my/{token}", fine)], middleware=[Middleware(PageErrors)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://testserver") as http:
        answer = await http.get("/my/x")
    assert (answer.status_code, answer.text) == (404, "as it is")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "id"),
        ("id", "id"),
        ("en", "en"),
        ("en-US,en;q=0.5", "en"),
        ("en;q=0.5,id;q=0.6", "id"),
        ("id-ID,en;q=0.9", "id"),
        ("de,fr;q=0.8", "id"),
        ("de,en;q=0.1", "en"),
        ("en;q=0", "id"),
        ("en;q=x,,;q=1", "id"),
        ("*", "id"),
    ],
)
def test_the_reader_s_language(accepted: str, language: str) -> None:
    assert language_of(accepted) == language


def _page_routes(routes: Any) -> list[Any]:
    found: list[Any] = []
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            found += _page_routes(inner.routes)
        elif getattr(route, "response_class", None) is HTMLResponse:
            found.append(route)
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_every_page_lies_where_refusals_are_pages(name: str) -> None:
    settings = settings_for(name, "postgresql+asyncpg://nobody@127.0.0.1/none")
    app = importlib.import_module(f"services.{name}.app").create(settings)
    pages = _page_routes(app.routes)
    assert any(not page.path.startswith("/problems") for page in pages) == (name in PAGES)
    for page in pages:
        of_developers = page.path == "/" or page.path.startswith("/problems")
        assert answers_with_pages(page.path, "*/*") != of_developers, page.path
        assert answers_with_pages(page.path, BROWSER["Accept"]), page.path


def test_the_interfaces_are_those_of_the_gateway() -> None:
    owned = {path.strip("/") for path, _ in ROUTES} | {"scores"}
    assert owned - API_SEGMENTS == {"f"}
    assert API_SEGMENTS - owned == {"problems"}
    assert answers_with_pages("/scores/v1/employees", BROWSER["Accept"])
    assert not answers_with_pages("/scores/v1/employees", "application/json, text/html, */*")
    assert not answers_with_pages("/scores/v1/employees", "*/*")
    assert all(answers_with_pages(f"{path}/x", "application/json") for path in PAGE_PATHS)
    assert not answers_with_pages("/", "*/*")
    assert not answers_with_pages("/myself", "*/*")
