"""Notices about a discipline step: recipients, order, and withdrawal when the reason ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.notifications.delivery.sender import Sender
from services.notifications.notices.ageing import Ageing
from shared.base.clock import FakeClock
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running
from tests.integration.notifications.desk import apply, ask, behind_its_back, forget, listed, one
from tests.integration.notifications.mails import Mails, address_of, text_of
from tests.integration.notifications.notice_records import OFFICER, SUPERIOR, absences


async def chain(service: Running) -> tuple[UUID, UUID]:
    """The superior's superiors."""
    head, mayor = uuid4(), uuid4()
    people = [
        employee(SUPERIOR, 2, nip="199001012015011002", superior_id=str(head), email="superior@example.go.id"),
        employee(head, nip="199001012015011003", superior_id=str(mayor)),
        employee(mayor, nip="199001012015011004"),
    ]
    await apply(service, [incoming(EMPLOYEE, person) for person in people])
    return head, mayor


async def alerts(service: Running) -> list[dict[str, Any]]:
    return await listed(service, kind="discipline_alert")


async def states(service: Running) -> list[tuple[str, str, str]]:
    found = [(n["kind"].removeprefix("discipline_"), n["period"], n["state"]) for n in await listed(service)]
    return sorted(found)


async def test_the_officer_is_notified_first_and_with_the_dates(notices: Running, mails: Mails) -> None:
    await apply(notices, [absences(3)])
    await notices.app.part(Sender).round()
    assert [address_of(mail) for mail in mails.kept] == ["officer@example.go.id", "superior@example.go.id"]
    words = " ".join(text_of(mails.kept[0]).split())
    for part in (
        "3 hari kerja",
        "1 Juli 2026, 3 Juli 2026, 5 Juli 2026",
        "tingkat ringan",
        "pasal 26",
        "pengelola kepegawaian",
        "bukan hukuman disiplin",
    ):
        assert part in words
    information, alert = await listed(notices)
    assert (information["kind"], information["recipient_id"]) == ("discipline_information", str(OFFICER))
    assert (alert["kind"], alert["recipient_id"]) == ("discipline_alert", str(SUPERIOR))
    assert information["created_at"] == alert["created_at"]


async def test_a_step_is_announced_once_and_never_for_the_canary(notices: Running) -> None:
    await apply(notices, [absences(3), absences(3, 2), absences(1, officer=SUPERIOR)])
    await apply(notices, [absences(3, 3)])
    await apply(notices, [absences(9, officer=CANARY_EMPLOYEE_ID)])
    assert await states(notices) == [
        ("alert", "2026/TEGURAN_LISAN", "released"),
        ("information", "2026/TEGURAN_LISAN", "released"),
    ]
    await apply(notices, [absences(4, 4)])
    assert [period for _, period, _ in await states(notices)] == [
        "2026/TEGURAN_LISAN",
        "2026/TEGURAN_TERTULIS",
    ] * 2


async def test_old_records_of_a_past_year_notify_nobody(notices: Running, clock: FakeClock) -> None:
    """A new or restored service reads old events that were already notified."""
    await apply(notices, [absences(3, year=2025, recorded_at="2025-12-30T01:00:00Z")])
    assert await listed(notices) == []
    # a day of last year that was corrected just now is notified
    await apply(notices, [absences(4, 2, year=2025, recorded_at="2026-08-09T01:00:00Z")])
    assert [period for _, period, _ in await states(notices)] == ["2025/TEGURAN_TERTULIS"] * 2
    clock.advance(timedelta(days=90))
    new = uuid4()
    await apply(notices, [incoming(EMPLOYEE, employee(OFFICER, 2, superior_id=str(new)))])
    assert [n["recipient_id"] for n in await alerts(notices) if n["state"] != "withdrawn"] == [str(new)]


async def test_records_before_their_officer_are_announced_later(notices: Running) -> None:
    late = uuid4()
    await apply(notices, [absences(3, officer=late)])
    assert await listed(notices) == []
    await apply(notices, [incoming(EMPLOYEE, employee(late, nip="199001012015011003"))])
    assert [n["kind"] for n in await listed(notices)] == ["discipline_information"]  # the officer has no superior yet
    await apply(notices, [incoming(EMPLOYEE, employee(late, 2, nip="199001012015011003", superior_id=str(SUPERIOR)))])
    assert [n["kind"] for n in await listed(notices)] == ["discipline_information", "discipline_alert"]


async def test_a_step_no_longer_reached_is_withdrawn_and_its_recipients_are_corrected(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    await apply(notices, [absences(3)])
    await notices.app.part(Sender).round()
    information, alert = await listed(notices)
    assert (await ask(notices, alert, "acknowledge")).json()["object_until"] is None
    clock.advance(timedelta(days=2))
    await apply(notices, [absences(2, 2)])
    await notices.app.part(Sender).round()
    corrections = {address_of(mail): mail for mail in mails.kept[2:]}
    assert set(corrections) == {"officer@example.go.id", "superior@example.go.id"}
    for notice, to in ((information, "officer@example.go.id"), (alert, "superior@example.go.id")):
        found = await one(notices, notice)
        assert (found["state"], found["reasons"][-1]) == ("withdrawn", "STEP_NO_LONGER_REACHED")
        assert "10 Agustus 2026" in found["withdrawal"]
        mail = corrections[to]
        assert mail["Subject"] == f"Ditarik: {found['subject']}"
        assert mail["In-Reply-To"] == f"<{notice['notice_id']}@example.go.id>"
        assert "diperbaiki" in text_of(mail)
        inbox = (await notices.http.get(f"/notices/v1/inbox/{found['recipient_id']}")).json()
        assert [n["state"] for n in inbox] == ["withdrawn"]
    clock.advance(timedelta(days=30))
    await notices.app.part(Sender).round()
    await notices.app.part(Ageing).round()
    assert len(mails.kept) == 4
    assert (await ask(notices, alert, "acknowledge")).status_code == 409


async def test_an_alert_that_was_not_mailed_yet_is_withdrawn_without_a_mail(notices: Running, mails: Mails) -> None:
    await apply(notices, [absences(3)])
    await apply(notices, [absences(2, 2)])
    await notices.app.part(Sender).round()
    assert mails.kept == []
    assert {state for _, _, state in await states(notices)} == {"withdrawn"}


async def test_other_employment_types_have_other_steps(notices: Running) -> None:
    await apply(notices, [absences(3)])
    pppk = absences(3, 2, step=None, level=None, steps_reached=[], reasons=["NO_LADDER_FOR_EMPLOYMENT_TYPE"])
    await apply(notices, [pppk])
    assert {state for _, _, state in await states(notices)} == {"withdrawn"}


async def test_a_lighter_step_stays_when_the_heavier_is_no_longer_reached(notices: Running) -> None:
    await apply(notices, [absences(3)])
    await apply(notices, [absences(4, 2)])
    await apply(notices, [absences(3, 3)])
    assert [found for found in await states(notices) if found[0] == "alert"] == [
        ("alert", "2026/TEGURAN_LISAN", "released"),
        ("alert", "2026/TEGURAN_TERTULIS", "withdrawn"),
    ]


async def test_a_record_without_a_list_of_steps_withdraws_no_lighter_step(notices: Running) -> None:
    await apply(notices, [absences(3)])
    await apply(notices, [absences(4, 2, steps_reached=[], unexcused_dates=[])])
    assert {state for _, _, state in await states(notices)} == {"released"}


async def test_a_step_reached_again_is_announced_again_but_not_by_old_records(notices: Running) -> None:
    await apply(notices, [absences(3)])
    await apply(notices, [absences(2, 2)])
    # the records are lost and arrive again from the beginning: nobody is notified twice
    await forget(notices, "discipline")
    for revision, days in ((1, 3), (2, 2)):
        await apply(notices, [absences(days, revision)])
    assert {state for _, _, state in await states(notices)} == {"withdrawn"}
    assert len(await listed(notices)) == 2
    await apply(notices, [absences(3, 3)])
    assert [found for found in await states(notices) if found[0] == "alert"] == [
        ("alert", "2026/TEGURAN_LISAN", "released"),
        ("alert", "2026/TEGURAN_LISAN", "withdrawn"),
    ]


async def test_a_new_superior_is_alerted_and_the_former_one_corrected(notices: Running, mails: Mails) -> None:
    await apply(notices, [absences(3)])
    await notices.app.part(Sender).round()
    new = uuid4()
    people = [
        employee(new, nip="199001012015011009", name="Atasan Baru", email="new@example.go.id"),
        employee(OFFICER, 2, superior_id=str(new), email="officer@example.go.id"),
    ]
    await apply(notices, [incoming(EMPLOYEE, person) for person in people])
    await notices.app.part(Sender).round()
    former, present = await alerts(notices)
    assert (former["recipient_id"], former["state"], former["reasons"][-1]) == (
        str(SUPERIOR),
        "withdrawn",
        "SUPERIOR_CHANGED",
    )
    assert (present["recipient_id"], present["state"]) == (str(new), "delivered")
    assert sorted(address_of(mail) for mail in mails.kept[2:]) == ["new@example.go.id", "superior@example.go.id"]
    # an acknowledged alert does not move; without a superior, an alert stays with the last one
    await ask(notices, present, "acknowledge")
    await apply(notices, [incoming(EMPLOYEE, employee(OFFICER, 3, superior_id=str(SUPERIOR)))])
    assert len(await alerts(notices)) == 2


async def test_an_unacknowledged_alert_goes_up_one_level_at_a_time(notices: Running, clock: FakeClock) -> None:
    head, mayor = await chain(notices)
    await apply(notices, [absences(3)])
    for _ in range(3):  # the second round escalates nothing more, and the mayor has no superior
        clock.advance(timedelta(days=7))
        await notices.app.part(Ageing).round()
        await notices.app.part(Ageing).round()
    found = await alerts(notices)
    assert [n["recipient_id"] for n in found] == [str(SUPERIOR), str(head), str(mayor)]
    for alert in found:
        await ask(notices, alert, "acknowledge")
    clock.advance(timedelta(days=70))
    await notices.app.part(Ageing).round()
    assert len(await alerts(notices)) == 3
    await apply(notices, [absences(2, 2)])
    assert {n["state"] for n in await listed(notices)} == {"withdrawn"}


async def test_an_alert_is_checked_against_the_record_before_it_is_escalated(
    notices: Running, clock: FakeClock
) -> None:
    head, _ = await chain(notices)
    await apply(notices, [absences(3)])
    # a correction without any follow-up
    await behind_its_back(notices, "discipline", revision=2, step=None, level=None, steps_reached=[])
    clock.advance(timedelta(days=9))
    await notices.app.part(Ageing).round()
    assert str(head) not in {n["recipient_id"] for n in await alerts(notices)}
    assert {n["state"] for n in await alerts(notices)} == {"withdrawn"}


async def test_an_alert_of_a_lighter_step_is_not_raised_beside_the_heavier(notices: Running, clock: FakeClock) -> None:
    head, _ = await chain(notices)
    await apply(notices, [absences(3)])
    await apply(notices, [absences(4, 2)])
    clock.advance(timedelta(days=7))
    await notices.app.part(Ageing).round()
    raised = [n["period"] for n in await alerts(notices) if n["recipient_id"] == str(head)]
    assert raised == ["2026/TEGURAN_TERTULIS/up"]


async def test_an_acknowledged_alert_is_not_escalated(notices: Running, clock: FakeClock) -> None:
    await chain(notices)
    await apply(notices, [absences(3)])
    [alert] = await alerts(notices)
    await ask(notices, alert, "acknowledge")
    clock.advance(timedelta(days=8))
    await notices.app.part(Ageing).round()
    assert len(await alerts(notices)) == 1


async def test_a_withdrawn_alert_of_the_superiors_superior_does_not_hide_a_new_one(
    notices: Running, clock: FakeClock
) -> None:
    head, _ = await chain(notices)
    for revision, days in ((1, 3), (2, 2), (3, 3)):  # reached, corrected, reached again
        await apply(notices, [absences(days, revision)])
        clock.advance(timedelta(days=8))
        await notices.app.part(Ageing).round()
    states = [n["state"] for n in await alerts(notices) if n["recipient_id"] == str(head)]
    assert states == ["withdrawn", "released"]
