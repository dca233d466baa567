"""Each released mail is sent once, and never after it stops being true."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from embedded.postgres import EmbeddedPostgres
from services.notifications.delivery.queue import LEASE
from services.notifications.delivery.rules.retries import REFUSALS_MAX
from services.notifications.delivery.sender import Sender
from services.notifications.notices.queries import lock_officers
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from shared.db.database import is_transient
from tests.fixtures.faults.store_faults import blocked, cut_off_at, until_waiting
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running
from tests.integration.notifications.desk import apply, ask, draft_of_a_reward, listed, one
from tests.integration.notifications.mails import Mails, address_of, link_of, second_sender
from tests.integration.notifications.notice_records import OFFICER, SUPERIOR, absences, score


def withdrawals(mails: Mails) -> list[tuple[str, bool]]:
    """Each mail's recipient, and whether the mail withdraws a letter."""
    return [(address_of(mail), str(mail["Subject"]).startswith("Ditarik")) for mail in mails.kept]


async def test_a_refused_address_ends_in_the_inbox_and_a_busy_server_is_tried_again(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    draft = await draft_of_a_reward(notices, clock)
    await ask(notices, draft, "release")
    mails.answer = "450 busy"
    await notices.app.part(Sender).round()
    assert (await one(notices, draft))["state"] == "released"
    await notices.app.part(Sender).round()  # not due yet
    clock.advance(timedelta(minutes=1))
    mails.answer = "550 no such user"
    await notices.app.part(Sender).round()
    found = await one(notices, draft)
    assert (found["state"], found["reasons"][-1]) == ("delivered", "EMAIL_REFUSED")
    assert mails.kept == []
    metrics = (await notices.http.get("/notices/metrics")).text
    failures = [line for line in metrics.splitlines() if line.startswith("kinerja_deliveries_failed_total")]
    assert [line.rpartition(" ")[2] for line in failures] == ["1.0", "1.0"]


async def test_a_server_that_never_accepts_ends_in_the_inbox(notices: Running, clock: FakeClock, mails: Mails) -> None:
    draft = await draft_of_a_reward(notices, clock)
    await ask(notices, draft, "release")
    mails.answer = "450 busy"
    for _ in range(REFUSALS_MAX):
        assert (await one(notices, draft))["state"] == "released"
        await notices.app.part(Sender).round()
        clock.advance(timedelta(hours=7))
    found = await one(notices, draft)
    assert (found["state"], found["reasons"][-1]) == ("delivered", "EMAIL_NOT_ACCEPTED")


async def test_a_notice_may_be_withdrawn_while_its_mail_waits_for_a_busy_server(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    draft = await draft_of_a_reward(notices, clock)
    await ask(notices, draft, "release")
    mails.answer = "450 busy"
    await notices.app.part(Sender).round()
    await apply(notices, [score("70.00", 2)])
    mails.answer = "250 OK"
    clock.advance(timedelta(days=1))
    await notices.app.part(Sender).round()
    assert (await one(notices, draft))["state"] == "withdrawn"
    assert mails.kept == []


async def test_a_notice_acknowledged_in_the_inbox_is_not_mailed(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    draft = await draft_of_a_reward(notices, clock)
    await ask(notices, draft, "release")
    await ask(notices, draft, "acknowledge")
    await notices.app.part(Sender).round()
    assert mails.kept == []
    assert (await one(notices, draft))["state"] == "acknowledged"


async def test_a_notice_acknowledged_while_its_mail_is_sent_stays_acknowledged(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    draft = await draft_of_a_reward(notices, clock)
    await ask(notices, draft, "release")
    read: list[dict[str, Any]] = []

    async def read_it() -> None:
        mails.meanwhile = None
        read.append((await ask(notices, draft, "acknowledge")).json())

    mails.meanwhile = read_it
    await notices.app.part(Sender).round()
    clock.advance(LEASE)
    await notices.app.part(Sender).round()
    assert (read[0]["state"], len(mails.kept)) == ("acknowledged", 1)
    assert await one(notices, draft) == read[0]


async def test_a_mail_that_one_sender_sends_is_sent_by_no_other(
    notices: Running, clock: FakeClock, mails: Mails, embedded_postgres: EmbeddedPostgres
) -> None:
    await apply(notices, [absences(3)])
    async with second_sender(notices, embedded_postgres, clock, mails) as other:

        async def send_too() -> None:
            mails.meanwhile = None
            await other.app.part(Sender).round()

        mails.meanwhile = send_too
        await notices.app.part(Sender).round()
    assert sorted(address_of(mail) for mail in mails.kept) == ["officer@example.go.id", "superior@example.go.id"]


async def test_senders_that_choose_the_same_mail_at_once_send_it_once(
    notices: Running, clock: FakeClock, mails: Mails, embedded_postgres: EmbeddedPostgres
) -> None:
    await apply(notices, [absences(3)])
    async with second_sender(notices, embedded_postgres, clock, mails) as other:
        async with notices.context.database.transaction() as session:
            await lock_officers(session, [OFFICER])
            rounds = [asyncio.create_task(service.app.part(Sender).round()) for service in (notices, other)]
            await until_waiting(session, len(rounds))  # both have chosen the officer's mail
        await asyncio.gather(*rounds)
    assert sorted(address_of(mail) for mail in mails.kept) == ["officer@example.go.id", "superior@example.go.id"]


async def test_a_letter_that_is_withdrawn_while_it_is_sent_is_corrected(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    await apply(notices, [absences(3)])
    sent = [n for n in await listed(notices) if n["recipient_id"] == str(OFFICER)]

    async def correct() -> None:
        mails.meanwhile = None
        await apply(notices, [absences(2, 2)])

    mails.meanwhile = correct
    await notices.app.part(Sender).round()
    assert (await one(notices, sent[0]))["state"] == "withdrawn"
    clock.advance(LEASE)
    await notices.app.part(Sender).round()
    # the superior gets no mail: his had not started
    assert withdrawals(mails) == [("officer@example.go.id", False), ("officer@example.go.id", True)]


async def test_a_letter_of_a_crashed_sender_is_corrected_if_it_is_false(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    await apply(notices, [absences(3)])
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        arrived.set()
        await gone.wait()

    mails.meanwhile = hold
    lost = asyncio.create_task(notices.app.part(Sender).round())
    async with asyncio.timeout(30):
        await arrived.wait()
    lost.cancel()
    await asyncio.wait({lost})
    mails.meanwhile = None
    gone.set()
    await apply(notices, [absences(2, 2)])
    await notices.app.part(Sender).round()
    assert len(mails.kept) == 1  # another sender may still be sending it
    clock.advance(LEASE)
    await notices.app.part(Sender).round()
    clock.advance(timedelta(days=1))
    await notices.app.part(Sender).round()
    assert withdrawals(mails) == [("officer@example.go.id", False), ("officer@example.go.id", True)]


async def test_a_mail_opens_the_inbox_and_the_same_one_when_it_is_sent_again(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    await apply(notices, [absences(3)])
    await notices.app.part(Sender).round()
    link = link_of(mails.kept[0])
    page = await notices.http.get(link)
    assert page.status_code == 200
    assert "hari kerja tanpa keterangan" in page.text
    found = (await notices.http.get("/notices/v1/links", params={"employee_id": str(OFFICER)})).json()["items"]
    assert [(item["source"], item["state"]) for item in found] == [("mail", "active")]
    await apply(notices, [absences(2, 2)])
    await notices.app.part(Sender).round()
    again = (await notices.http.get("/notices/v1/links", params={"employee_id": str(OFFICER)})).json()["items"]
    assert [item["id"] for item in again] == [found[0]["id"]]
    # a revoked link stays revoked: the next mail has a new link
    assert (await notices.http.delete(f"/notices/v1/links/{found[0]['id']}")).status_code == 204
    assert (await notices.http.get(link)).status_code == 410
    await apply(notices, [absences(3, 3)])
    await notices.app.part(Sender).round()
    newest = [mail for mail in mails.kept if address_of(mail) == "officer@example.go.id"][-1]
    assert (await notices.http.get(link_of(newest))).status_code == 200


async def test_each_mail_opens_the_inbox_of_its_own_recipient(notices: Running, mails: Mails) -> None:
    await apply(notices, [absences(3)])
    await notices.app.part(Sender).round()
    opened = {}
    for mail in mails.kept:
        assert (await notices.http.get(link_of(mail))).status_code == 200
        used = (await notices.http.get("/notices/v1/links")).json()["items"]
        opened[address_of(mail)] = {link["employee_id"] for link in used if link["last_used_at"]} - {
            officer for officers in opened.values() for officer in officers
        }
    assert opened == {"officer@example.go.id": {str(OFFICER)}, "superior@example.go.id": {str(SUPERIOR)}}


async def test_an_address_that_the_roster_no_longer_has_gets_no_mail(notices: Running, mails: Mails) -> None:
    await apply(notices, [incoming(EMPLOYEE, employee(OFFICER, 2, superior_id=str(SUPERIOR), email=None)), absences(3)])
    await notices.app.part(Sender).round()
    assert [address_of(mail) for mail in mails.kept] == ["superior@example.go.id"]


async def test_a_mail_whose_result_was_not_stored_is_sent_again_only_after_its_lease(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    await apply(notices, [absences(3)])
    sender = notices.app.part(Sender)
    assert is_transient(await cut_off_at(notices, "outbox", sender.round))
    await sender.round()
    addresses = [address_of(mail) for mail in mails.kept]
    assert addresses == ["officer@example.go.id", "superior@example.go.id"]
    clock.advance(LEASE)
    await sender.round()
    await sender.round()
    assert [address_of(mail) for mail in mails.kept] == [*addresses, "officer@example.go.id"]
    assert mails.kept[2]["Message-ID"] == mails.kept[0]["Message-ID"]
    assert {notice["state"] for notice in await listed(notices)} == {"delivered"}


async def test_two_senders_at_once_send_each_mail_once(notices: Running, mails: Mails) -> None:
    await apply(notices, [absences(3)])
    async with blocked(notices, "select 1 from delivery for update") as session:
        rounds = [asyncio.create_task(notices.app.part(Sender).round()) for _ in range(2)]
        await until_waiting(session, 2)
    await asyncio.gather(*rounds)
    assert sorted(address_of(mail) for mail in mails.kept) == ["officer@example.go.id", "superior@example.go.id"]
