"""A fault on the sender's side ends no mail: it waits, is reported, and is sent when the cause is fixed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.notifications.delivery.queue import LEASE
from services.notifications.delivery.rules.retries import COPIES_MAX, REFUSALS_MAX, RETRY_COPY
from services.notifications.delivery.sender import Sender
from services.notifications.operations.counts import Counts
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.logs import captured_logs
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running
from tests.integration.notifications.desk import apply, listed, one
from tests.integration.notifications.mails import Mails, address_of, second_sender, text_of
from tests.integration.notifications.notice_records import OFFICER, SUPERIOR, absences

OFFICERS, SUPERIORS = "officer@example.go.id", "superior@example.go.id"
DAY = timedelta(days=1)


async def send(service: Running) -> None:
    while await service.app.part(Sender).round():
        pass


async def queue(service: Running) -> Any:
    answer = await service.http.get("/notices/v1/mail")
    assert answer.status_code == 200
    return answer.json()


async def metric(service: Running, name: str) -> list[float]:
    await service.app.part(Counts).round()
    lines = (await service.http.get("/notices/metrics")).text.splitlines()
    return [float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
async def test_a_mail_is_retried_after_any_number_of_operator_faults(
    notices: Running, clock: FakeClock, mails: Mails, stage: str
) -> None:
    if stage == "RCPT":
        mails.answer = "504 5.5.2 <3f1c>: Helo command rejected: need fully-qualified hostname"
    mails.answers = {stage: "550 5.7.1 not from you"}
    await apply(notices, [absences(3)])
    for _ in range(2 * REFUSALS_MAX):
        await send(notices)
        clock.advance(DAY / 2)
    assert {notice["state"] for notice in await listed(notices)} == {"released"}
    found = await queue(notices)
    assert found["waiting"] == 2
    assert found["held"] >= 1
    assert found["held_by"] == ("rcpt 504 5.5.2" if stage == "RCPT" else f"{stage.lower()} 550 5.7.1")
    assert await metric(notices, "kinerja_mails_waiting") == [2]
    assert await metric(notices, "kinerja_mails_held") == [found["held"]]
    mails.answers, mails.answer = {}, "250 OK"
    await send(notices)
    assert {notice["state"] for notice in await listed(notices)} == {"delivered"}
    assert len(mails.kept) == 2
    assert (await queue(notices))["held"] == 0


async def test_a_fault_of_every_mail_is_tried_with_one_mail_and_keeps_the_order(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    mails.answers = {"MAIL": "550 5.7.1 sender refused"}
    await apply(notices, [absences(3)])
    await send(notices)
    await send(notices)
    assert len(mails.asked) == 1  # the second waits for it
    clock.advance(timedelta(seconds=31))
    await send(notices)
    clock.advance(timedelta(seconds=31))
    await send(notices)
    assert len(mails.asked) == 2  # the pauses grow
    mails.answers, mails.asked = {}, []
    clock.advance(timedelta(minutes=10))
    await send(notices)
    assert mails.asked == [OFFICERS, SUPERIORS]  # the officer is still notified first


async def test_a_refused_domain_does_not_delay_the_others(notices: Running, clock: FakeClock, mails: Mails) -> None:
    mails.answer, mails.refused_only = "554 5.7.1 Relay access denied", OFFICERS
    await apply(notices, [absences(3)])
    await send(notices)
    assert [address_of(mail) for mail in mails.kept] == [SUPERIORS]
    assert (await queue(notices))["held"] == 1


async def test_an_accepted_test_mail_retries_held_mails_at_once(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    mails.answer = "554 5.7.1 Relay access denied"
    await apply(notices, [absences(3)])
    for _ in range(6):
        await send(notices)
        clock.advance(timedelta(hours=1))
    assert (await queue(notices))["held"] == 2
    await send(notices)
    mails.answer = "250 OK"
    await send(notices)
    assert mails.kept == []  # not due yet
    answer = await notices.http.post("/notices/v1/mail-tests", json={"to": "admin@example.go.id"})
    assert answer.json()["accepted"] is True
    await send(notices)
    assert [address_of(mail) for mail in mails.kept] == ["admin@example.go.id", OFFICERS, SUPERIORS]


async def test_a_test_mail_makes_no_mail_due_that_is_being_sent(
    notices: Running, clock: FakeClock, mails: Mails, embedded_postgres: EmbeddedPostgres
) -> None:
    mails.answer = "554 5.7.1 Relay access denied"
    await apply(notices, [absences(3)])
    await send(notices)
    assert (await queue(notices))["held"] == 2
    mails.answer = "250 OK"
    clock.advance(DAY)
    async with second_sender(notices, embedded_postgres, clock, mails) as other:

        async def test_the_server() -> None:
            mails.meanwhile = None
            answer = await other.http.post("/notices/v1/mail-tests", json={"to": "admin@example.go.id"})
            assert answer.json()["accepted"] is True
            await send(other)

        mails.meanwhile = test_the_server
        await send(notices)
    assert [address_of(mail) for mail in mails.kept] == [OFFICERS, "admin@example.go.id", SUPERIORS]


async def test_a_letter_that_may_have_been_delivered_is_corrected_when_it_is_withdrawn(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    mails.answers = {"DATA": "drop"}
    await apply(notices, [absences(3)])
    await notices.app.part(Sender).round()
    assert [mail["Subject"].startswith("Ditarik") for mail in mails.kept] == [False, False]
    await apply(notices, [absences(2, 2)])
    mails.answers = {}
    clock.advance(max(LEASE, RETRY_COPY))
    await send(notices)
    corrections = [mail for mail in mails.kept if mail["Subject"].startswith("Ditarik")]
    assert len(corrections) == 2
    assert {mail["In-Reply-To"] for mail in corrections} == {mail["Message-ID"] for mail in mails.kept[:2]}


async def test_a_mail_whose_answer_is_always_missing_is_sent_a_limited_number_of_times(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    mails.answers = {"DATA": "drop"}
    await apply(notices, [absences(3)])
    for _ in range(3 * COPIES_MAX):
        await send(notices)
        clock.advance(DAY / 2)
    assert len(mails.kept) == 2 * COPIES_MAX
    assert len({mail["Message-ID"] for mail in mails.kept}) == 2
    found = await listed(notices)
    assert {(n["state"], n["reasons"][-1]) for n in found} == {("delivered", "EMAIL_UNCONFIRMED")}
    assert (await queue(notices))["waiting"] == 0
    # the mail may have arrived: a withdrawal sends a correction, with the same limit
    await apply(notices, [absences(2, 2)])
    for _ in range(3 * COPIES_MAX):
        await send(notices)
        clock.advance(DAY / 2)
    corrections = [mail for mail in mails.kept if mail["Subject"].startswith("Ditarik")]
    assert len(corrections) == 2 * COPIES_MAX
    assert (await queue(notices))["waiting"] == 0


async def test_faults_before_the_message_do_not_count_as_copies(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    await apply(notices, [absences(3)])
    for answers in [{"DATA": "drop"}, *[{"DATA": "554 5.7.1 spam"}, {"MAIL": "550 5.7.1 not you"}] * COPIES_MAX]:
        mails.answers = answers
        await send(notices)
        clock.advance(DAY / 2)
    mails.answers = {}
    await send(notices)
    assert {notice["state"] for notice in await listed(notices)} == {"delivered"}
    assert len(mails.kept) == 4


async def test_a_letter_that_may_have_been_delivered_and_is_then_refused_is_corrected(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    mails.answers = {"DATA": "drop"}
    await apply(notices, [absences(3)])
    await send(notices)
    mails.answers, mails.answer = {}, "550 5.1.1 no such user"
    clock.advance(DAY)
    await send(notices)
    assert {notice["reasons"][-1] for notice in await listed(notices)} == {"EMAIL_REFUSED"}
    mails.answer = "250 OK"
    await apply(notices, [absences(2, 2)])
    await send(notices)
    assert [mail["Subject"].startswith("Ditarik") for mail in mails.kept] == [False, False, True, True]


@pytest.mark.parametrize(
    "email", ["budi@contoh,com", "Budi <officer@example.go.id>", "a@b.id\r\nRCPT TO:<c@d.id>", "budí@b.id"]
)
async def test_an_unusable_address_of_an_old_record_is_never_mailed_and_is_named(
    notices: Running, mails: Mails, email: str
) -> None:
    assert await apply(notices, [incoming(EMPLOYEE, employee(OFFICER, 2, superior_id=str(SUPERIOR), email=email))]) == 0
    await apply(notices, [absences(3)])
    with captured_logs() as out:
        await send(notices)
    assert mails.asked == [SUPERIORS]
    [notice] = [n for n in await listed(notices) if n["recipient_id"] == str(OFFICER)]
    assert (notice["state"], notice["reasons"][-1]) == ("delivered", "EMAIL_UNUSABLE")
    assert f'"employee_id":"{OFFICER}"' in out.getvalue()
    assert email not in out.getvalue()


async def test_the_log_names_stage_and_status_without_the_servers_words(notices: Running, mails: Mails) -> None:
    mails.answer = f"554 5.7.1 <{OFFICERS}>: Relay access denied for Budi"
    await apply(notices, [absences(3)])
    with captured_logs() as out:
        await send(notices)
    assert '"stage":"rcpt","status":"554 5.7.1"' in out.getvalue()
    assert "officer@" not in out.getvalue()
    assert "Budi" not in out.getvalue()
    async with notices.context.database.transaction() as session:
        errors = (await session.execute(text("select last_error from delivery"))).scalars().all()
    assert errors == ["rcpt 554 5.7.1"] * 2


async def test_a_mail_names_its_recipient_and_carries_a_date(notices: Running, clock: FakeClock, mails: Mails) -> None:
    person = employee(OFFICER, 2, superior_id=str(SUPERIOR), email=OFFICERS, name="I Gusti Ñoman, S.Kom., M.Si.")
    await apply(notices, [incoming(EMPLOYEE, person)])
    await apply(notices, [absences(3)])
    await send(notices)
    mail = mails.kept[0]
    assert mail["To"].addresses[0].display_name == "I Gusti Ñoman, S.Kom., M.Si."
    assert mail["From"] == "Dinas Contoh <kinerja@example.go.id>"
    assert mail["Date"].datetime == clock.now()
    notice = (await one(notices, next(n for n in await listed(notices) if n["recipient_id"] == str(OFFICER))))["body"]
    assert " ".join(notice.split()) in " ".join(text_of(mail).split())
