"""Notices from records: created once, released by a person, with time limits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from services.notifications.delivery.sender import Sender
from services.notifications.evaluations.evaluation import Evaluation
from services.notifications.notices.ageing import Ageing
from services.notifications.operations.counts import Counts
from shared.base.clock import FakeClock
from shared.contracts.topics import DISCIPLINE, EMPLOYEE, NOTICE, SCORE
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running
from tests.integration.notifications.desk import WEEK, apply, ask, draft_of_a_reward, forget, listed, one, weeks
from tests.integration.notifications.mails import Mails, address_of, text_of
from tests.integration.notifications.notice_records import OFFICER, SUPERIOR, absences, score


async def test_a_reward_is_drafted_once_after_enough_evaluations(notices: Running, clock: FakeClock) -> None:
    await apply(notices, [score("91.00"), score("91.00")])
    await weeks(notices, clock, 3)
    assert await listed(notices) == []
    clock.advance(WEEK)
    await notices.app.part(Evaluation).round()
    await notices.app.part(Evaluation).round()  # within the week: nothing new
    [draft] = await listed(notices)
    assert (draft["kind"], draft["state"], draft["period"]) == ("reward", "draft", "2026-S2")
    await weeks(notices, clock, 6)
    # the broker lost everything, and the service lost its scores
    await forget(notices, "score")
    await apply(notices, [score("92.00", revision=2)])
    await weeks(notices, clock, 6)
    assert len(await listed(notices, kind="reward")) == 1


@pytest.mark.parametrize(
    "record",
    [
        score("89.99"),
        score("95.00", complete=False),
        score("95.00", unexcused_days=1),
        score("95.00", days=59),
        score(None),
    ],
    ids=["below", "incomplete", "absence", "few days", "none"],
)
async def test_a_reward_is_not_drafted_if_a_condition_is_missing(
    notices: Running, clock: FakeClock, record: Incoming
) -> None:
    await apply(notices, [record])
    await weeks(notices, clock, 6)
    assert await listed(notices, kind="reward") == []


async def test_a_week_below_the_reward_score_restarts_the_count(notices: Running, clock: FakeClock) -> None:
    await apply(notices, [score("91.00")])
    await weeks(notices, clock, 3)
    for revision, value in ((2, "89.99"), (3, "95.00")):
        await apply(notices, [score(value, revision)])
        clock.advance(WEEK)
        await notices.app.part(Evaluation).round()
    clock.advance(WEEK)
    await weeks(notices, clock, 2)
    assert await listed(notices) == []
    clock.advance(WEEK)
    await notices.app.part(Evaluation).round()
    assert [n["kind"] for n in await listed(notices)] == ["reward"]


async def test_two_weeks_below_make_a_draft_and_one_makes_a_nudge(notices: Running, clock: FakeClock) -> None:
    await apply(notices, [score("80.00", quality="60.00")])
    await weeks(notices, clock, 1)
    await notices.app.part(Evaluation).round()  # within the week: nothing new
    assert [n["kind"] for n in await listed(notices)] == ["nudge"]
    clock.advance(WEEK)
    await notices.app.part(Evaluation).round()
    kinds = sorted((n["kind"], n["indicator"], n["state"]) for n in await listed(notices))
    assert kinds == [("coaching", "work_quality", "draft"), ("nudge", "work_quality", "released")]
    [draft] = await listed(notices, kind="coaching")
    assert (await ask(notices, draft, "release")).status_code == 200
    for _ in range(6):  # the cool-down of 30 days ends, but the episode ends only above the exit threshold
        clock.advance(WEEK)
        await notices.app.part(Evaluation).round()
    assert len(await listed(notices, kind="coaching")) == 1
    for revision, quality in ((2, "76.00"), (3, "60.00"), (4, "61.00")):
        await apply(notices, [score("80.00", revision=revision, quality=quality)])
        clock.advance(WEEK)
        await notices.app.part(Evaluation).round()
    assert len(await listed(notices, kind="coaching")) == 2


async def test_a_notice_is_released_delivered_and_acknowledged_with_an_objection_period(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    draft = await draft_of_a_reward(notices, clock)
    clock.set(datetime(2026, 9, 6, 17, 30, tzinfo=UTC))  # after midnight in Pariaman
    assert (await ask(notices, draft, "acknowledge")).status_code == 409
    assert (await notices.http.get(f"/notices/v1/inbox/{OFFICER}")).json() == []
    assert (await ask(notices, draft, "release")).json()["state"] == "released"
    assert (await ask(notices, draft, "release")).json()["state"] == "released"  # again: the revision stays the same
    assert (await ask(notices, draft, "withhold", json={"reason_code": "LATE"})).status_code == 409
    await notices.app.part(Sender).round()
    [mail] = mails.kept
    assert address_of(mail) == "officer@example.go.id"
    assert mail["Message-ID"] == f"<{draft['notice_id']}@example.go.id>"
    assert "PermenPANRB" in text_of(mail)
    assert "7 September 2026" in text_of(mail)  # the day of the release
    assert (await ask(notices, draft, "acknowledge")).status_code == 200
    found = await one(notices, draft)
    assert found["state"] == "acknowledged"
    assert datetime.fromisoformat(found["object_until"]) == datetime(2026, 9, 21, 16, 59, 59, tzinfo=UTC)
    async with notices.context.database.transaction() as session:
        count = await session.execute(text("select count(*) from outbox where topic = 'asn.notice.v1'"))
    assert count.scalar_one() == found["revision"] == 4
    clock.advance(timedelta(days=400))  # a released notice never expires and is not delivered again
    await notices.app.part(Ageing).round()
    await notices.app.part(Sender).round()
    assert (await one(notices, draft))["state"] == "acknowledged"
    assert len(mails.kept) == 1


async def test_a_draft_that_nobody_decides_on_expires(notices: Running, clock: FakeClock) -> None:
    draft = await draft_of_a_reward(notices, clock)
    clock.advance(timedelta(days=30) - timedelta(seconds=1))
    await notices.app.part(Ageing).round()
    assert (await one(notices, draft))["state"] == "draft"
    clock.advance(timedelta(seconds=1))
    await notices.app.part(Ageing).round()
    found = await one(notices, draft)
    assert (found["state"], found["reasons"][-1]) == ("expired", "NOT_DECIDED")
    assert (await ask(notices, draft, "release")).status_code == 409
    await weeks(notices, clock, 2)
    assert len(await listed(notices, kind="reward")) == 1  # it expired: one per semester is enough


async def test_metrics_show_the_numbers_of_notices(notices: Running, clock: FakeClock) -> None:
    await draft_of_a_reward(notices, clock)
    await apply(notices, [score("80.00", 2), absences(3)])
    await notices.app.part(Counts).round()
    found = {
        line for line in (await notices.http.get("/notices/metrics")).text.splitlines() if "kinerja_notices{" in line
    }
    assert found == {
        'kinerja_notices{kind="reward",state="withdrawn"} 1.0',
        'kinerja_notices{kind="discipline_alert",state="released"} 1.0',
        'kinerja_notices{kind="discipline_information",state="released"} 1.0',
    }


async def test_unusable_records_are_parked(notices: Running) -> None:
    bad = [incoming(SCORE, b"{"), incoming(SCORE, None), score("101"), incoming(DISCIPLINE, {"revision": 1})]
    assert await apply(notices, [*bad, absences(3)]) == len(bad)
    assert len(await listed(notices)) == 2


async def test_a_batch_of_many_officers_is_applied(notices: Running) -> None:
    """One transaction takes the locks of all its officers, with any result."""
    people = [employee(OFFICER, 2, superior_id=str(SUPERIOR), name="Nama Baru"), employee(SUPERIOR, 2)]
    records = [incoming(EMPLOYEE, person) for person in people]
    await apply(notices, [absences(3), absences(4, officer=SUPERIOR), *records, score("91.00")])
    told = sorted((n["kind"], n["employee_id"] == str(OFFICER)) for n in await listed(notices))
    assert told == [
        ("discipline_alert", True),
        ("discipline_information", False),
        ("discipline_information", True),
    ]


async def test_a_notices_revision_is_raised_above_a_wrong_record(notices: Running, clock: FakeClock) -> None:
    draft = await draft_of_a_reward(notices, clock)
    body = {"topic": NOTICE.name, "thing": draft["notice_id"], "above": 900_000, "reason": "a forged record"}
    answer = await notices.http.post("/notices/v1/republish-above", json=body)
    assert (answer.status_code, answer.json()["revision"]) == (202, 900_001)
    assert (await one(notices, draft))["revision"] == 900_001
    async with notices.context.database.transaction() as session:
        query = text("select value from outbox where topic = :topic order by id desc limit 1")
        sent = json.loads((await session.execute(query, {"topic": NOTICE.name})).scalar_one())
    assert (sent["revision"], sent["state"], sent["kind"]) == (900_001, "draft", "reward")
    released = await ask(notices, draft, "release")
    assert (released.status_code, released.json()["revision"]) == (200, 900_002)
