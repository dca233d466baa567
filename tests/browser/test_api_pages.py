"""The API pages in a real browser: operations show, one is tried with the operator's key, and nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright, expect

from embedded.postgres import EmbeddedPostgres
from shared.migrations import SERVICES
from shared.paths import PREFIXES
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
        assert await page.evaluate("localStorage.length") == 0  # the key is gone with the page
