"""The inbox page: what it shows, to whom, and the button that starts the objection period."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from shared.base.clock import FakeClock
from tests.fixtures.services import Running
from tests.integration.notifications.desk import apply, ask, draft_of_a_reward, listed, one
from tests.integration.notifications.mails import Mails
from tests.integration.notifications.notice_records import OFFICER, SUPERIOR, absences, score


async def inbox_of(service: Running, officer: UUID) -> str:
    """The path of a new link's inbox."""
    made = await service.http.post("/notices/v1/links", json={"employee_id": str(officer)})
    assert made.status_code == 201, made.text
    return httpx.URL(made.json()["url"]).path


async def test_a_released_notice_is_read_and_acknowledged(notices: Running, clock: FakeClock) -> None:
    draft = await draft_of_a_reward(notices, clock)
    inbox = await inbox_of(notices, OFFICER)
    assert "Belum ada surat" in (await notices.http.get(inbox)).text  # nobody may see a draft
    await ask(notices, draft, "release")
    page = (await notices.http.get(inbox)).text
    assert "Saya sudah membaca" in page
    assert "91,00" in page
    answer = await notices.http.post(f"{inbox}/{draft['notice_id']}/acknowledge")
    assert (answer.status_code, answer.headers["location"]) == (303, inbox)
    assert (await one(notices, draft))["state"] == "acknowledged"
    page = (await notices.http.get(inbox)).text
    assert "Saya sudah membaca" not in page
    assert "Keberatan dapat diajukan sampai 14 September 2026" in page


async def test_the_inbox_shows_only_the_correction_of_a_withdrawn_notice(notices: Running) -> None:
    await apply(notices, [absences(3)])
    superior, officer = await inbox_of(notices, SUPERIOR), await inbox_of(notices, OFFICER)
    before = (await notices.http.get(superior)).text
    assert "3 hari kerja" in before
    await apply(notices, [absences(2, 2)])
    for inbox in (superior, officer):
        page = (await notices.http.get(inbox)).text
        assert "Ditarik:" in page
        assert "diperbaiki" in page
        assert "3 hari kerja" not in page
        assert "Saya sudah membaca" not in page
    assert "Contoh Pegawai" in (await notices.http.get(superior)).text  # the officer that the notice is about
    [alert] = await listed(notices, kind="discipline_alert")
    late = await notices.http.post(f"{superior}/{alert['notice_id']}/acknowledge")
    assert late.status_code == 409
    assert "Keadaannya sudah berubah" in late.text


async def test_the_inbox_hides_a_reward_that_was_withdrawn_before_its_receipt(
    notices: Running, clock: FakeClock
) -> None:
    draft = await draft_of_a_reward(notices, clock)
    await ask(notices, draft, "release")
    await apply(notices, [score("70.00", 2)])
    assert (await one(notices, draft))["state"] == "withdrawn"
    assert "Belum ada surat" in (await notices.http.get(await inbox_of(notices, OFFICER))).text


async def test_a_letter_about_discipline_starts_no_objection_period(notices: Running, mails: Mails) -> None:
    await apply(notices, [absences(3)])
    inbox = await inbox_of(notices, OFFICER)
    information, _ = await listed(notices)
    await notices.http.post(f"{inbox}/{information['notice_id']}/acknowledge")
    page = (await notices.http.get(inbox)).text
    assert "Dibaca pada 10 Agustus 2026." in page
    assert "Keberatan" not in page


async def test_another_officers_link_opens_and_acknowledges_nothing(notices: Running, clock: FakeClock) -> None:
    draft = await draft_of_a_reward(notices, clock)
    await ask(notices, draft, "release")
    foreign = await inbox_of(notices, SUPERIOR)
    assert "Belum ada surat" in (await notices.http.get(foreign)).text
    assert (await notices.http.post(f"{foreign}/{draft['notice_id']}/acknowledge")).status_code == 404
    assert (await one(notices, draft))["state"] == "released"


@pytest.mark.parametrize("end", ["revoked", "expired"])
async def test_an_expired_or_revoked_link_reads_and_acknowledges_nothing(
    notices: Running, clock: FakeClock, end: str
) -> None:
    draft = await draft_of_a_reward(notices, clock)
    await ask(notices, draft, "release")
    inbox = await inbox_of(notices, OFFICER)
    assert "Saya sudah membaca" in (await notices.http.get(inbox)).text
    if end == "revoked":
        [link] = (await notices.http.get("/notices/v1/links")).json()["items"]
        assert (await notices.http.delete(f"/notices/v1/links/{link['id']}")).status_code == 204
    else:
        clock.advance(timedelta(days=30))
    for answer in (
        await notices.http.get(inbox),
        await notices.http.get(f"{inbox}/score"),
        await notices.http.post(f"{inbox}/{draft['notice_id']}/acknowledge"),
    ):
        assert answer.status_code == 410
    assert (await one(notices, draft))["state"] == "released"
