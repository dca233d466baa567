"""A mail server that breaks off for one recipient delays nobody else's mail; one that breaks off for all is left alone."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from services.notifications.delivery.pause import BROKEN_OFF_MAX, PAUSE_FIRST
from services.notifications.delivery.queue import LEASE
from services.notifications.delivery.sender import Sender
from shared.base.clock import FakeClock
from shared.base.ids import new_id
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running
from tests.integration.notifications.desk import apply
from tests.integration.notifications.mails import Mails, address_of
from tests.integration.notifications.notice_records import SUPERIOR, absences

BREAKS_OFF = ["421 4.3.0 temporary lookup failure", "drop"]
SUPERIORS = "superior@example.go.id"
MINUTE = timedelta(minutes=1)


def address(number: int, domain: str = "example.go.id") -> str:
    return f"officer{number}@{domain}"


async def notify(service: Running, *emails: str, superior: UUID | None = None) -> None:
    """Releases a notice for one officer after the other, and for the superior if there is one."""
    for number, email in enumerate(emails):
        officer = new_id()
        changes = {"nip": f"19900101201502{number:04}", "email": email, "superior_id": superior and str(superior)}
        await apply(service, [incoming(EMPLOYEE, employee(officer, **changes))])
        await apply(service, [absences(3, officer=officer)])


async def send(service: Running) -> None:
    while await service.app.part(Sender).round():
        pass


def received(mails: Mails) -> list[str]:
    return [address_of(mail) for mail in mails.kept]


@pytest.mark.parametrize("answer", BREAKS_OFF)
async def test_one_bad_recipient_does_not_delay_the_others(
    notices: Running, clock: FakeClock, mails: Mails, answer: str
) -> None:
    mails.answer, mails.refused_only = answer, address(0)
    await notify(notices, *map(address, range(3)))
    await send(notices)
    assert received(mails) == [address(1), address(2)]
    # the server fails again and again for one recipient: a new mail still goes out at once
    for _ in range(BROKEN_OFF_MAX + 1):
        clock.advance(LEASE)
        await send(notices)
    await notify(notices, address(3))
    await send(notices)
    assert received(mails) == [address(1), address(2), address(3)]
    mails.answer = "250 OK"
    clock.advance(timedelta(hours=6))
    await send(notices)
    assert sorted(received(mails)) == [address(n) for n in range(4)]


@pytest.mark.parametrize("answer", BREAKS_OFF)
async def test_many_mails_to_the_recipient_wait_for_the_first_of_them(
    notices: Running, clock: FakeClock, mails: Mails, answer: str
) -> None:
    mails.answer, mails.refused_only = answer, SUPERIORS
    officers = [address(n) for n in range(5)]
    await notify(notices, *officers, superior=SUPERIOR)
    await send(notices)
    assert received(mails) == officers
    assert mails.asked.count(SUPERIORS) == 1
    mails.answer = "250 OK"
    clock.advance(MINUTE)
    await send(notices)
    assert received(mails) == officers + [SUPERIORS] * 5


async def test_other_domains_go_before_the_domain_for_which_the_server_breaks_off(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    bad = [address(n, "bad.example.id") for n in range(2 * BROKEN_OFF_MAX)]
    good = [address(n) for n in range(3)]
    mails.answer, mails.refused_only = "421 4.4.3 cannot resolve", bad
    await notify(notices, *bad, *good)
    await send(notices)
    assert received(mails) == good


async def test_a_new_mail_goes_before_the_retries_of_several_bad_recipients(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    bad = [address(n) for n in range(BROKEN_OFF_MAX)]
    mails.answer, mails.refused_only = BREAKS_OFF[0], bad
    await notify(notices, *bad)
    await send(notices)
    clock.advance(PAUSE_FIRST)
    await notify(notices, "new@example.go.id")
    await send(notices)
    assert received(mails) == ["new@example.go.id"]


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
async def test_a_server_that_breaks_off_for_everybody_is_tried_a_few_times_per_pause(
    notices: Running, clock: FakeClock, mails: Mails, stage: str
) -> None:
    answer = "421 4.3.2 Service shutting down"
    mails.answer, mails.answers = (answer, {}) if stage == "RCPT" else ("250 OK", {"DATA": answer})
    officers = [address(n) for n in range(9)]
    await notify(notices, *officers)
    await send(notices)
    await send(notices)
    assert mails.asked == officers[:BROKEN_OFF_MAX]
    clock.advance(PAUSE_FIRST)
    await send(notices)
    assert mails.asked == officers[: 2 * BROKEN_OFF_MAX]
    clock.advance(PAUSE_FIRST)
    await send(notices)
    assert len(mails.asked) == 2 * BROKEN_OFF_MAX  # the pauses grow
    mails.answer, mails.answers = "250 OK", {}
    clock.advance(10 * MINUTE)
    await send(notices)
    assert sorted(received(mails)) == officers  # each once


async def test_an_accepted_test_mail_ends_the_pause(notices: Running, clock: FakeClock, mails: Mails) -> None:
    mails.answer = BREAKS_OFF[0]
    await notify(notices, *map(address, range(5)))
    await send(notices)
    mails.answer = "250 OK"
    await send(notices)
    assert mails.kept == []
    answer = await notices.http.post("/notices/v1/mail-tests", json={"to": "admin@example.go.id"})
    assert answer.json()["accepted"] is True
    await send(notices)
    assert sorted(received(mails)[1:]) == [address(n) for n in range(5)]
