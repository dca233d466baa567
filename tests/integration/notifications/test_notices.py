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
from shared.clock import FakeClock
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import DISCIPLINE, EMPLOYEE, SCORE
from shared.dead_letters import Incoming
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, running_service

NOW = datetime(2026, 8, 10, 3, 0, tzinfo=UTC)
OFFICER, SUPERIOR = uuid4(), uuid4()


class Mails:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

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


async def test_models_are_what_the_migrations_make(notices: Running) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from services.notifications.models import Base

    async with notices.context.database.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda c: compare_metadata(MigrationContext.configure(c), Base.metadata)
        )
    assert [d for d in differences if "alembic_version" not in str(d)] == []
