"""Notices from records: once each, by a person's decision, with a clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import text

from embedded.children import free_port
from embedded.postgres import EmbeddedPostgres
from services.notifications.delivery import ATTEMPTS_MAX
from shared.clock import FakeClock
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import DISCIPLINE, EMPLOYEE, SCORE
from shared.dead_letters import Incoming
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, running_service

NOW = datetime(2026, 8, 10, 3, 0, tzinfo=UTC)
OFFICER, SUPERIOR = uuid4(), uuid4()


class Mails:
    """A mail server that keeps what it gets, or answers as told."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.answer = "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.kept.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def mails() -> Any:
    mails = Mails()
    controller = Controller(mails, hostname="127.0.0.1", port=free_port())
    controller.start()
    mails.port = controller.port  # type: ignore[attr-defined]
    yield mails
    controller.stop()


@pytest.fixture
async def notices(embedded_postgres: EmbeddedPostgres, clock: FakeClock, mails: Any) -> AsyncIterator[Running]:
    async with running_service(
        "notifications", embedded_postgres, clock=clock, smtp_host="127.0.0.1", smtp_port=mails.port
    ) as service:
        people = [
            employee(OFFICER, superior_id=str(SUPERIOR), email="officer@example.go.id"),
            employee(SUPERIOR, nip="199001012015011002", email=None),
        ]
        await apply(service, [incoming(EMPLOYEE, person) for person in people])
        yield service


async def apply(service: Running, records: Sequence[Incoming]) -> int:
    async with service.context.database.transaction() as session:
        parked = await service.app.state.handler(session, records)
        await service.context.dead_letters.park(session, parked)
        return len(parked)


def score(value: str | None, revision: int = 1, quality: str = "85.20", **changes: Any) -> Incoming:
    indicators = [dict(item) for item in EXAMPLES[SCORE.name][0]["indicators"]]
    indicators[1]["value"] = quality
    record = EXAMPLES[SCORE.name][0] | {"employee_id": str(OFFICER), "revision": revision, "score": value}
    return incoming(SCORE, record | {"indicators": indicators} | changes)


async def listed(service: Running, **query: str) -> list[dict[str, Any]]:
    answer = await service.http.get("/notices/v1/notices", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_reward_is_drafted_once_however_often_its_record_comes(notices: Running) -> None:
    await apply(notices, [score("91.00"), score("91.00")])
    await apply(notices, [score("91.00")])
    await apply(notices, [score("92.00", revision=2)])
    [draft] = await listed(notices, kind="reward")
    assert (draft["state"], draft["period"]) == ("draft", "2026-S2")
    # a broker that forgot everything, and a service whose memory of scores is gone too
    async with notices.context.database.transaction() as session:
        await session.execute(text("delete from score"))
    await apply(notices, [score("92.00", revision=2)])
    assert len(await listed(notices, kind="reward")) == 1


@pytest.mark.parametrize(
    "record",
    [
        score("89.99"),
        score("95.00", complete=False),
        score("95.00", unexcused_days=1),
        score(None),
    ],
)
async def test_no_reward_below_incomplete_or_after_an_absence(notices: Running, record: Incoming) -> None:
    await apply(notices, [record])
    assert await listed(notices) == []


async def test_two_weeks_below_make_a_draft_and_one_makes_a_nudge(notices: Running, clock: FakeClock) -> None:
    await apply(notices, [score("80.00", quality="60.00")])
    await notices.app.state.drafts.evaluate()
    await notices.app.state.drafts.evaluate()  # within the week: nothing new
    assert [n["kind"] for n in await listed(notices)] == ["nudge"]
    clock.advance(timedelta(days=7))
    await notices.app.state.drafts.evaluate()
    kinds = sorted((n["kind"], n["indicator"], n["state"]) for n in await listed(notices))
    assert kinds == [("coaching", "work_quality", "draft"), ("nudge", "work_quality", "released")]
    for _ in range(6):  # the cool-down of 30 days passes, but the episode ends only above the exit threshold
        clock.advance(timedelta(days=7))
        await notices.app.state.drafts.evaluate()
    assert len(await listed(notices, kind="coaching")) == 1
    for revision, quality in ((2, "76.00"), (3, "60.00"), (4, "61.00")):
        await apply(notices, [score("80.00", revision=revision, quality=quality)])
        clock.advance(timedelta(days=7))
        await notices.app.state.drafts.evaluate()
    assert len(await listed(notices, kind="coaching")) == 2


async def test_an_alert_that_comes_before_its_officer_is_made_up_for(notices: Running) -> None:
    late = uuid4()
    record = EXAMPLES[DISCIPLINE.name][0] | {"employee_id": str(late)}
    await apply(notices, [incoming(DISCIPLINE, record)])
    assert await listed(notices) == []
    person = employee(late, nip="199001012015011003", superior_id=str(SUPERIOR))
    await apply(notices, [incoming(EMPLOYEE, person)])
    assert [n["kind"] for n in await listed(notices)] == ["discipline_alert"]


async def test_an_alert_goes_to_the_superior_once_a_step(notices: Running) -> None:
    record = EXAMPLES[DISCIPLINE.name][0] | {"employee_id": str(OFFICER)}
    await apply(notices, [incoming(DISCIPLINE, record | {"revision": n}) for n in (1, 2)])
    await apply(notices, [incoming(DISCIPLINE, record | {"revision": 3})])
    [alert] = await listed(notices)
    assert (alert["kind"], alert["recipient_id"], alert["state"]) == ("discipline_alert", str(SUPERIOR), "released")
    await notices.app.state.sender.round()
    [alert] = await listed(notices)
    assert alert["state"] == "delivered"
    assert "NO_EMAIL" in alert["reasons"]


async def test_released_delivered_acknowledged_with_the_clock_of_the_objection(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    clock.set(datetime(2026, 7, 6, 3, 0, tzinfo=UTC))
    await apply(notices, [score("91.00")])
    [draft] = await listed(notices)
    path = f"/notices/v1/notices/{draft['notice_id']}"
    assert (await notices.http.post(f"{path}/acknowledge")).status_code == 409
    assert (await notices.http.get(f"/notices/v1/inbox/{OFFICER}")).json() == []
    assert (await notices.http.post(f"{path}/release")).json()["state"] == "released"
    assert (await notices.http.post(f"{path}/withhold", json={"reason_code": "LATE"})).status_code == 409
    await notices.app.state.sender.round()
    [mail] = mails.kept
    assert mail["To"] == "officer@example.go.id"
    assert mail["Message-ID"] == f"<{draft['notice_id']}@kinerja>"
    assert "PermenPANRB" in mail.get_content()

    inbox = f"/notices/inbox/{notices.context.links.token('inbox', OFFICER)}"
    page = await notices.http.get(inbox)
    assert "Saya sudah membaca" in page.text
    answer = await notices.http.post(f"{inbox}/{draft['notice_id']}/acknowledge")
    assert answer.status_code == 303
    found = (await notices.http.get(path)).json()
    assert found["state"] == "acknowledged"
    assert datetime.fromisoformat(found["object_until"]) == datetime(2026, 7, 20, 16, 59, 59, tzinfo=UTC)
    async with notices.context.database.transaction() as session:
        count = await session.execute(text("select count(*) from outbox where topic = 'asn.notice.v1'"))
    assert count.scalar_one() == found["revision"] == 4


async def test_a_refused_address_ends_in_the_inbox_and_a_busy_server_is_tried_again(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    await apply(notices, [score("91.00")])
    [draft] = await listed(notices)
    path = f"/notices/v1/notices/{draft['notice_id']}"
    await notices.http.post(f"{path}/release")
    mails.answer = "450 busy"
    await notices.app.state.sender.round()
    assert (await notices.http.get(path)).json()["state"] == "released"
    await notices.app.state.sender.round()  # not yet due again
    clock.advance(timedelta(minutes=1))
    mails.answer = "550 no such user"
    await notices.app.state.sender.round()
    found = (await notices.http.get(path)).json()
    assert (found["state"], found["reasons"][-1]) == ("delivered", "EMAIL_REFUSED")
    assert mails.kept == []
    metrics = (await notices.http.get("/notices/metrics")).text
    failures = [line for line in metrics.splitlines() if line.startswith("kinerja_deliveries_failed_total")]
    assert [line.rpartition(" ")[2] for line in failures] == ["1.0", "1.0"]


async def test_a_server_that_never_accepts_ends_in_the_inbox(notices: Running, clock: FakeClock, mails: Mails) -> None:
    await apply(notices, [score("91.00")])
    [draft] = await listed(notices)
    path = f"/notices/v1/notices/{draft['notice_id']}"
    await notices.http.post(f"{path}/release")
    mails.answer = "450 busy"
    for _ in range(ATTEMPTS_MAX):
        assert (await notices.http.get(path)).json()["state"] == "released"
        await notices.app.state.sender.round()
        clock.advance(timedelta(hours=7))
    found = (await notices.http.get(path)).json()
    assert (found["state"], found["reasons"][-1]) == ("delivered", "EMAIL_NOT_ACCEPTED")


async def test_a_draft_that_nobody_decides_on_expires(notices: Running, clock: FakeClock) -> None:
    await apply(notices, [score("91.00")])
    clock.advance(timedelta(days=30) - timedelta(seconds=1))
    await notices.app.state.ageing.round()
    assert [n["state"] for n in await listed(notices)] == ["draft"]
    clock.advance(timedelta(seconds=1))
    await notices.app.state.ageing.round()
    [draft] = await listed(notices)
    assert (draft["state"], draft["reasons"][-1]) == ("expired", "NOT_DECIDED")
    assert (await notices.http.post(f"/notices/v1/notices/{draft['notice_id']}/release")).status_code == 409


async def test_an_unacknowledged_alert_goes_up_one_level_at_a_time(notices: Running, clock: FakeClock) -> None:
    head, mayor = uuid4(), uuid4()
    people = [
        employee(SUPERIOR, 2, nip="199001012015011002", superior_id=str(head)),
        employee(head, nip="199001012015011003", superior_id=str(mayor)),
        employee(mayor, nip="199001012015011004"),
    ]
    await apply(notices, [incoming(EMPLOYEE, person) for person in people])
    record = EXAMPLES[DISCIPLINE.name][0] | {"employee_id": str(OFFICER)}
    await apply(notices, [incoming(DISCIPLINE, record)])
    for _ in range(2):  # the second look finds it raised already
        clock.advance(timedelta(days=7))
        await notices.app.state.ageing.round()
        await notices.app.state.ageing.round()
    recipients = [n["recipient_id"] for n in await listed(notices, kind="discipline_alert")]
    assert recipients == [str(SUPERIOR), str(head), str(mayor)]
    alerts = await listed(notices, kind="discipline_alert")
    for alert in alerts:
        await notices.http.post(f"/notices/v1/notices/{alert['notice_id']}/acknowledge")
    clock.advance(timedelta(days=70))
    await notices.app.state.ageing.round()
    assert len(await listed(notices, kind="discipline_alert")) == 3


async def test_an_acknowledged_alert_stays_where_it_is(notices: Running, clock: FakeClock) -> None:
    await apply(
        notices, [incoming(EMPLOYEE, employee(SUPERIOR, 2, nip="199001012015011002", superior_id=str(uuid4())))]
    )
    await apply(notices, [incoming(DISCIPLINE, EXAMPLES[DISCIPLINE.name][0] | {"employee_id": str(OFFICER)})])
    [alert] = await listed(notices)
    await notices.http.post(f"/notices/v1/notices/{alert['notice_id']}/acknowledge")
    clock.advance(timedelta(days=8))
    await notices.app.state.ageing.round()
    assert len(await listed(notices)) == 1


async def test_a_superior_reads_the_drafts_of_the_own_subordinates_only(notices: Running) -> None:
    await apply(notices, [score("91.00"), score("91.00", employee_id=str(SUPERIOR))])
    of_officer, of_superior = sorted(await listed(notices), key=lambda n: n["employee_id"] != str(OFFICER))
    new = {"name": "k", "scope": "notices:release", "employee_id": str(SUPERIOR)}
    token = (await notices.http.post("/notices/v1/api-keys", json=new)).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    mine = (await notices.http.get("/notices/v1/notices", headers=headers)).json()["items"]
    assert [n["employee_id"] for n in mine] == [str(OFFICER)]
    for notice, status in ((of_officer, 200), (of_superior, 404)):
        answer = await notices.http.get(f"/notices/v1/notices/{notice['notice_id']}", headers=headers)
        assert answer.status_code == status


async def test_a_foreign_link_opens_no_inbox(notices: Running) -> None:
    await apply(notices, [score("91.00")])
    [draft] = await listed(notices)
    await notices.http.post(f"/notices/v1/notices/{draft['notice_id']}/release")
    foreign = notices.context.links.token("inbox", SUPERIOR)
    answer = await notices.http.post(f"/notices/inbox/{foreign}/{draft['notice_id']}/acknowledge")
    assert answer.status_code == 404
    assert (await notices.http.get(f"/notices/inbox/{notices.context.links.token('my', OFFICER)}")).status_code == 404


async def test_only_the_superior_or_the_operator_decides(notices: Running) -> None:
    await apply(notices, [score("91.00")])
    [draft] = await listed(notices)
    path = f"/notices/v1/notices/{draft['notice_id']}/release"
    for holder, status in ((OFFICER, 403), (SUPERIOR, 200)):
        new = {"name": "k", "scope": "notices:release", "employee_id": str(holder)}
        token = (await notices.http.post("/notices/v1/api-keys", json=new)).json()["token"]
        answer = await notices.http.post(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status


async def test_poison_is_parked(notices: Running) -> None:
    bad = [incoming(SCORE, b"{"), incoming(SCORE, None), score("101"), incoming(DISCIPLINE, {"revision": 1})]
    assert await apply(notices, [*bad, score("91.00")]) == len(bad)
    assert len(await listed(notices)) == 1
