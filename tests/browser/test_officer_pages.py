"""An officer's inbox and page, and the error page, in a real browser on a small phone, without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from playwright.async_api import Page, async_playwright, expect

from embedded.gateway import make_gateway
from embedded.postgres import EmbeddedPostgres
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.browser.test_feedback_form import CHROMIUM, FLAGS, PHONE, TARGET_PIXELS_MIN, served
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.notifications.desk import NOW, apply
from tests.integration.notifications.notice_records import OFFICER, SUPERIOR, absences

pytestmark = [
    pytest.mark.browser,
    pytest.mark.embedded,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@asynccontextmanager
async def city(server: EmbeddedPostgres) -> AsyncIterator[tuple[Running, Running, FastAPI]]:
    """Notifications and scoring behind one gateway; they know an officer with a superior."""
    clock = FakeClock(NOW)
    async with (
        running_service("notifications", server, clock=clock) as notices,
        running_service("scoring", server, clock=clock) as scores,
    ):
        await scores.app.part(ScoreUpkeep).round()
        people = [
            employee(OFFICER, superior_id=str(SUPERIOR), org_unit_name="Dinas " + "Kependudukan" * 5),
            employee(SUPERIOR, nip="199001012015011002", name="Atasan Contoh"),
        ]
        for service in (notices, scores):
            await apply(service, [incoming(EMPLOYEE, person) for person in people])
        apps = {"notifications": notices.app, "scoring": scores.app, "feedback": scores.app, "attendance": scores.app}
        yield notices, scores, make_gateway(apps)  # type: ignore[misc]


@asynccontextmanager
async def phone(language: str = "id-ID") -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(
            viewport=PHONE, java_script_enabled=False, has_touch=True, is_mobile=True, locale=language
        )
        yield await context.new_page()
        await browser.close()


async def no_wider_than_the_phone(page: Page) -> None:
    whole = await page.screenshot(full_page=True)
    assert int.from_bytes(whole[16:20]) <= PHONE["width"]  # the PNG's width: no sideways scrolling


async def inbox_of(notices: Running) -> str:
    made = await notices.http.post("/notices/v1/links", json={"employee_id": str(OFFICER)})
    return httpx.URL(made.json()["url"]).path


async def test_an_officer_reads_acknowledges_and_looks_at_the_score(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres) as (notices, _, gateway), served(gateway) as address, phone() as page:
        await apply(notices, [absences(3)])
        await page.goto(address + await inbox_of(notices))
        await expect(page.locator("html")).to_have_attribute("lang", "id")
        await no_wider_than_the_phone(page)
        button = page.get_by_role("button", name="Saya sudah membaca")
        for target in (button, page.get_by_role("link", name="Nilai saya")):
            box = await target.bounding_box()
            assert box is not None
            assert box["height"] >= TARGET_PIXELS_MIN
        await button.tap()
        await expect(page.get_by_text("Dibaca pada 10 Agustus 2026")).to_be_visible()
        await expect(button).to_have_count(0)
        await page.get_by_role("link", name="Nilai saya").tap()
        await expect(page.get_by_role("heading", name="Nilai saya")).to_be_visible()
        await expect(page.get_by_text("Contoh Pegawai")).to_be_visible()
        await no_wider_than_the_phone(page)
        assert await page.context.cookies() == []


async def test_a_withdrawn_notice_and_a_button_that_came_too_late(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres) as (notices, _, gateway), served(gateway) as address, phone() as page:
        await apply(notices, [absences(3)])
        inbox = address + await inbox_of(notices)
        await page.goto(inbox)
        await apply(notices, [absences(2, 2)])  # while the page is open
        await page.get_by_role("button", name="Saya sudah membaca").tap()
        await expect(page.get_by_role("heading", name="Keadaannya sudah berubah")).to_be_visible()
        await page.goto(inbox)
        await expect(page.get_by_role("heading", name="Ditarik:")).to_be_visible()
        await expect(page.get_by_text("3 hari kerja")).to_have_count(0)
        await no_wider_than_the_phone(page)


@pytest.mark.parametrize(
    ("language", "lang", "heading"),
    [("id-ID", "id", "Halaman tidak ditemukan"), ("en-GB", "en", "Page not found"), ("fr-FR", "id", "Halaman tidak")],
)
async def test_a_refusal_is_a_page_in_the_reader_s_language(
    embedded_postgres: EmbeddedPostgres, language: str, lang: str, heading: str
) -> None:
    async with city(embedded_postgres) as (_, _, gateway), served(gateway) as address, phone(language) as page:
        for path in ("/my/unknown", "/notices/inbox/unknown", "/nothing/here"):
            answer = await page.goto(address + path)
            assert answer is not None
            assert answer.status == 404
            await expect(page.locator("html")).to_have_attribute("lang", lang)
            await expect(page.get_by_role("heading", name=heading)).to_be_visible()
            await no_wider_than_the_phone(page)
