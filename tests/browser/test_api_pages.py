"""The API pages in a real browser: operations show, one works with the operator's key, and all resources are local."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright, expect

from embedded.postgres import EmbeddedPostgres
from shared.contracts.topics import ALL_TOPICS
from shared.db.migrations import SERVICES
from shared.settings.url_space import PREFIXES
from tests.browser.test_feedback_form import CHROMIUM, FLAGS, served
from tests.fixtures.services import OPERATOR_KEY, running_service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.embedded,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]

TRIED = {
    "attendance": "/attendance/v1/employees",
    "feedback": "/feedback/v1/feedback",
    "scoring": "/scores/v1/employees",
    "notifications": "/notices/v1/notices",
}
"""A list of each service: empty, and answered with 200."""
WIDTHS = (390, 1280)
PAGES = ("/scores/asyncapi", "/problems", "/problems/invalid-request", "/scores/v1/no-such-path")


@asynccontextmanager
async def desk(width: int = 1280) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(viewport={"width": width, "height": 800})
        yield await context.new_page()
        await browser.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_an_operation_is_tried_with_the_operator_s_key(service: str, embedded_postgres: EmbeddedPostgres) -> None:
    async with (
        running_service(service, embedded_postgres) as running,
        served(running.app) as address,
        desk() as page,
    ):
        asked: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{address}/{PREFIXES[service]}/docs")
        operation = page.locator(".opblock-get", has=page.locator(f'[data-path="{TRIED[service]}"]'))
        await expect(operation).to_be_visible()

        await page.get_by_role("button", name="Authorize").first.click()
        await page.get_by_label("auth-bearer-value").fill(OPERATOR_KEY)
        await page.get_by_role("button", name="Apply credentials").click()
        await page.get_by_role("button", name="Close").click()
        await operation.locator(".opblock-summary-control").click()
        await operation.get_by_role("button", name="Try it out").click()
        await operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table .response")
        await expect(answer.locator(".response-col_status")).to_contain_text("200")
        await expect(answer.locator(".response-col_description")).to_contain_text('"items": []')

        assert all(url.startswith((f"{address}/", "data:", f"blob:{address}/")) for url in asked), asked
        assert complaints == []
        assert await page.context.cookies() == []
        assert await page.evaluate("localStorage.length") == 0  # the key is not kept after the page closes


@pytest.mark.parametrize("width", WIDTHS)
async def test_pages_for_developers_fit_the_screen(width: int, embedded_postgres: EmbeddedPostgres) -> None:
    async with (
        running_service("scoring", embedded_postgres) as running,
        served(running.app) as address,
        desk(width) as page,
    ):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for path in PAGES:
            await page.goto(address + path)
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
        await page.goto(f"{address}/scores/asyncapi")
        for topic in ALL_TOPICS:
            await expect(page.get_by_role("heading", name=topic.name, exact=True)).to_be_visible()
        await page.get_by_role("link", name="list of Indicator").click()
        await expect(page.get_by_role("heading", name="Indicator", exact=True)).to_be_in_viewport()
        await page.get_by_text("Example", exact=True).first.click()
        await expect(page.get_by_text("ce_specversion: 1.0").first).to_be_visible()
        await page.goto(f"{address}/scores/v1/employees")  # without a key
        await page.get_by_role("link", name="What this error means, and what to do").click()
        await expect(page.get_by_role("heading", name="An API key is needed")).to_be_visible()
        assert all(url.startswith(f"{address}/") for url in asked), asked
