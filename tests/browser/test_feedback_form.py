"""The citizen's form in a real browser: a small phone, no scripts, no external resources."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Page, ViewportSize, async_playwright, expect

from embedded.postgres import EmbeddedPostgres
from tests.integration.feedback.office import office

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PHONE: ViewportSize = {"width": 320, "height": 568}
TARGET_PIXELS_MIN = 44
QUESTIONS = 4
ANSWERS = 5  # of each question: four ratings, and no answer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.embedded,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The address of the app on a free port; the caller runs its lifespan."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def phone() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(viewport=PHONE, java_script_enabled=False, has_touch=True, is_mobile=True)
        yield await context.new_page()
        await browser.close()


async def test_a_citizen_rates_on_a_small_phone(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place, served(place.service.app) as address, phone() as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        path = await place.visit()
        await page.goto(address + path)
        await expect(page.locator("html")).to_have_attribute("lang", "id")
        await expect(page.get_by_role("group")).to_have_count(QUESTIONS)
        await expect(page.get_by_role("radio")).to_have_count(QUESTIONS * ANSWERS)
        await expect(page.get_by_text("anonim")).to_be_visible()
        await expect(page.get_by_text("bersama sedikitnya 4 penilaian lain")).to_be_visible()

        await page.get_by_role("button", name="Kirim penilaian").tap()
        await expect(page.get_by_role("alert")).to_be_visible()  # no question was answered: the link is still valid

        await page.get_by_role("group", name="kecepatan").get_by_label("Sangat cepat").check()
        await page.get_by_role("group", name="keramahan").get_by_label("Kurang sopan").check()
        await page.get_by_role("button", name="Kirim penilaian").tap()
        await expect(page.get_by_role("heading", name="Terima kasih")).to_be_visible()

        (ballot,) = (await place.content()).waiting
        assert ballot.ratings == {"completion_time": 4, "officer_conduct": 2}
        assert await place.outbox() == []  # a rating is published only in a group
        await page.goto(address + path)
        await expect(page.get_by_role("radio")).to_have_count(0)
        assert asked
        assert all(url == address + path or url == f"{address}/favicon.ico" for url in asked)
        assert await page.context.cookies() == []


async def test_a_thumb_hits_every_answer_and_nothing_is_cut_off(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place, served(place.service.app) as address, phone() as page:
        await page.goto(address + await place.visit(service="Pelayanan " + "Kependudukan" * 7))
        targets = [*await page.locator("fieldset label").all(), page.get_by_role("button")]
        assert len(targets) == QUESTIONS * ANSWERS + 1
        for target in targets:
            box = await target.bounding_box()
            assert box is not None
            assert box["height"] >= TARGET_PIXELS_MIN
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE["width"]
        whole = await page.screenshot(full_page=True)
        assert int.from_bytes(whole[16:20]) <= PHONE["width"]  # the PNG's width: no sideways scrolling
        # People do not see the honeypot field for bots, and the Tab key skips it.
        trap = await page.locator("input[type=text]").bounding_box()
        assert trap is None or trap["x"] + trap["width"] < 0
        await expect(page.locator("input[type=text]")).to_have_attribute("tabindex", "-1")
