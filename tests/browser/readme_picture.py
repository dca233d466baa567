"""Creates the README's picture: an officer's page in the sample office, as Chromium shows it.

With `make up` running: `.venv/bin/python -m tests.browser.readme_picture`
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from playwright.async_api import async_playwright

from cli.client import client, request
from tests.browser.test_feedback_form import CHROMIUM, FLAGS

__all__ = ["PICTURE", "PICTURE_BYTES_MAX"]

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "nilai-saya.png"
PICTURE_BYTES_MAX = 150_000
VIEW = {"width": 860, "height": 640}
OFFICER_NUMBER = 2
"""Which officer of the first unit: one with ratings, assessments and a late arrival."""


def page_link() -> str:
    """A link to the page of an officer of the sample office."""
    with client() as http:
        officers = request(http, "GET", "/attendance/v1/employees", params={"org_unit_id": "disdukcapil"}).json()
        officer = sorted(officers["items"], key=lambda each: str(each["name"]))[OFFICER_NUMBER]
        link: str = request(http, "POST", "/scores/v1/links", json={"employee_id": officer["employee_id"]}).json()[
            "url"
        ]
        return link


async def take(link: str, file: Path) -> None:
    """Takes a screenshot of the first screen of a page."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport=VIEW, locale="id-ID")  # type: ignore[arg-type]
        await page.goto(link)
        await page.screenshot(path=file)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(take(page_link(), PICTURE))
    size = PICTURE.stat().st_size
    if size > PICTURE_BYTES_MAX:
        sys.exit(f"{PICTURE} has {size} bytes; at most {PICTURE_BYTES_MAX}: make VIEW smaller")
    print(f"written to {PICTURE}: {size} bytes")
