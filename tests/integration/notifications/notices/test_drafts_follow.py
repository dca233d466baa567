"""A draft is true when it is released, and a queued letter when it is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notifications.delivery.sender import Sender
from services.notifications.evaluations.evaluation import Evaluation
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running
from tests.integration.notifications.desk import (
    WEEK,
    apply,
    ask,
    behind_its_back,
    draft_of_a_reward,
    forget,
    listed,
    one,
    weeks,
)
from tests.integration.notifications.mails import Mails, text_of
from tests.integration.notifications.notice_records import OFFICER, SUPERIOR, absences, indicators, score


async def test_a_draft_is_rewritten_when_its_facts_change(notices: Running, clock: FakeClock) -> None:
    draft = await draft_of_a_reward(notices, clock, "90.01")
    assert "90,01" in draft["body"]
    await apply(notices, [score("92.50", 2, days=81)])
    after = await one(notices, draft)
    assert (after["state"], after["revision"]) == ("draft", draft["revision"] + 1)
    assert "92,50" in after["body"]
    assert "81 hari kerja" in after["body"]
    assert (after["evidence"]["value"], after["evidence"]["final_days"]) == ("92.50", 81)
    await apply(notices, [score("92.50", 3, days=81)])  # the same facts: the letter does not change
    assert (await one(notices, draft))["revision"] == after["revision"]
    people = [
        employee(OFFICER, 2, superior_id=str(SUPERIOR), name="Nama Baru", email="officer@example.go.id"),
        employee(SUPERIOR, 2, nip="199001012015011002", name="Atasan Baru"),
    ]
    for person in people:
        await apply(notices, [incoming(EMPLOYEE, person)])
    body = (await one(notices, draft))["body"]
    assert "Nama Baru" in body
    assert "Atasan Baru" in body
    assert (await ask(notices, draft, "release")).status_code == 200


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"value": "89.73", "unexcused_days": 1}, "UNEXCUSED_ABSENCE"),
        ({"value": "89.99"}, "BELOW_REWARD_THRESHOLD"),
        ({"value": "95.00", "complete": False}, "SCORE_NOT_COMPLETE"),
        ({"value": "95.00", "days": 59}, "TOO_FEW_FINAL_DAYS"),
        ({"value": None}, "SCORE_NOT_COMPLETE"),
    ],
    ids=["absence", "below", "incomplete", "few days", "none"],
)
async def test_a_reward_that_is_no_longer_justified_is_withdrawn(
    notices: Running, clock: FakeClock, change: dict[str, Any], reason: str
) -> None:
    draft = await draft_of_a_reward(notices, clock, "90.01")
    await apply(notices, [score(change.pop("value"), 2, **change)])
    after = await one(notices, draft)
    assert (after["state"], after["reasons"]) == ("withdrawn", ["SCORE_AT_REWARD_LEVEL", reason])
    assert after["withdrawal"] is None  # nobody had seen it
    answer = await ask(notices, draft, "release")
    assert answer.status_code == 409
    assert "withdrawn" in answer.json()["detail"]
    assert (await notices.http.get(f"/notices/v1/inbox/{OFFICER}")).json() == []


async def test_a_withdrawn_reward_is_drafted_again_once_it_is_earned(notices: Running, clock: FakeClock) -> None:
    draft = await draft_of_a_reward(notices, clock)
    await apply(notices, [score("89.00", 2)])
    clock.advance(WEEK)
    await notices.app.part(Evaluation).round()
    await apply(notices, [score("93.00", 3)])
    clock.advance(WEEK)
    await weeks(notices, clock, 4)
    states = {n["notice_id"]: n["state"] for n in await listed(notices, kind="reward")}
    assert states.pop(draft["notice_id"]) == "withdrawn"
    assert list(states.values()) == ["draft"]


async def test_release_compares_with_the_current_records_and_lists_differences(
    notices: Running, clock: FakeClock
) -> None:
    draft = await draft_of_a_reward(notices, clock, "90.01")
    await behind_its_back(notices, "score", score="92.00")
    answer = await ask(notices, draft, "release")
    assert answer.status_code == 409
    assert answer.json()["errors"] == [{"fact": "value", "letter": "90.01", "present": "92.00"}]
    renewed = await one(notices, draft)
    assert (renewed["state"], renewed["revision"]) == ("draft", draft["revision"] + 1)
    assert "92,00" in renewed["body"]
    # releasing the old revision fails in the same way; releasing the renewed revision succeeds
    stale = await ask(notices, draft, "release", json={"revision": draft["revision"]})
    assert stale.status_code == 409
    assert "updated" in stale.json()["detail"]
    assert (await ask(notices, draft, "release", json={"revision": renewed["revision"]})).status_code == 200


async def test_release_withdraws_a_draft_that_is_no_longer_justified(notices: Running, clock: FakeClock) -> None:
    draft = await draft_of_a_reward(notices, clock, "90.01")
    await behind_its_back(notices, "score", score="89.73", unexcused_days=1)
    answer = await ask(notices, draft, "release")
    assert answer.status_code == 409
    assert answer.json()["errors"] == [
        {"fact": "value", "letter": "90.01", "present": "89.73"},
        {"fact": "unexcused_days", "letter": 0, "present": 1},
    ]
    assert (await one(notices, draft))["state"] == "withdrawn"
    await forget(notices, "score")
    other = await ask(notices, draft, "release")
    assert other.status_code == 409


async def test_a_draft_without_its_record_is_not_released(notices: Running, clock: FakeClock) -> None:
    draft = await draft_of_a_reward(notices, clock)
    await forget(notices, "score")
    answer = await ask(notices, draft, "release")
    assert answer.status_code == 409
    assert "republish" in answer.json()["detail"]
    assert (await one(notices, draft))["state"] == "draft"


async def test_coaching_is_withdrawn_above_its_exit_threshold(notices: Running, clock: FakeClock) -> None:
    await apply(notices, [score("80.00", quality="60.00")])
    await weeks(notices, clock, 2)
    [item] = await listed(notices, kind="coaching")
    await apply(notices, [score("80.00", 2, quality="74.00")])  # above entry (70), not above exit (75)
    draft = await one(notices, item)
    assert (draft["state"], draft["evidence"]["value"]) == ("draft", "74.00")
    assert "74,00" in draft["body"]
    await behind_its_back(notices, "score", indicators=indicators("73.00"))
    refused = await ask(notices, draft, "release")
    assert (refused.status_code, refused.json()["errors"]) == (
        409,
        [{"fact": "value", "letter": "74.00", "present": "73.00"}],
    )
    await apply(notices, [score("80.00", 3, quality="75.01")])
    assert (await one(notices, item))["reasons"][-1] == "ABOVE_EXIT_THRESHOLD"
    # it was never sent: it starts no episode and no cool-down
    await apply(notices, [score("80.00", 4, quality="60.00")])
    clock.advance(WEEK)
    await weeks(notices, clock, 2)
    assert sorted(n["state"] for n in await listed(notices, kind="coaching")) == ["draft", "withdrawn"]
    await apply(notices, [score("80.00", 5, quality=None)])
    assert {n["state"] for n in await listed(notices, kind="coaching")} == {"withdrawn"}


async def test_a_draft_states_later_evaluations(notices: Running, clock: FakeClock) -> None:
    clock.advance(timedelta(hours=15))  # 1:00 of the next day in the city, 18:00 in UTC
    await apply(notices, [score("80.00", quality="60.00")])
    await weeks(notices, clock, 2)
    await apply(notices, [score("80.00", 2, quality="66.00")])
    clock.advance(WEEK)
    await notices.app.part(Evaluation).round()
    [item] = await listed(notices, kind="coaching")
    draft = await one(notices, item)
    values = (("2026-08-11", "60.00"), ("2026-08-18", "60.00"), ("2026-08-25", "66.00"))
    assert draft["evidence"]["trend"] == [{"on": day, "value": value} for day, value in values]
    assert "60,00 (18 Agustus 2026); 66,00 (25 Agustus 2026)." in draft["body"]
    assert (await ask(notices, draft, "release")).status_code == 200


async def test_a_nudge_is_checked_again_before_it_is_sent(notices: Running, clock: FakeClock, mails: Mails) -> None:
    await apply(notices, [score("80.00", quality="60.00")])
    await weeks(notices, clock, 1)
    [item] = await listed(notices, kind="nudge")
    await behind_its_back(notices, "score", indicators=indicators("64.00"))
    await notices.app.part(Sender).round()
    [mail] = mails.kept
    assert "64,00" in text_of(mail)
    nudge = await one(notices, item)
    assert (nudge["state"], "64,00" in nudge["body"]) == ("delivered", True)
    await apply(notices, [score("80.00", 2, quality="90.00")])
    assert (await one(notices, item))["state"] == "delivered"  # it was true when it was sent


async def test_a_queued_notice_that_is_no_longer_justified_is_not_sent(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    draft = await draft_of_a_reward(notices, clock)
    await apply(notices, [score("91.00", 2, quality="60.00")])
    clock.advance(WEEK)
    await notices.app.part(Evaluation).round()
    draft = await one(notices, draft)
    assert (await ask(notices, draft, "release")).status_code == 200
    [nudge] = await listed(notices, kind="nudge")
    await apply(notices, [score("89.00", 3, quality="70.00")])
    await notices.app.part(Sender).round()
    assert mails.kept == []
    for notice, reason in ((draft, "BELOW_REWARD_THRESHOLD"), (nudge, "NOT_BELOW_ENTRY_THRESHOLD")):
        found = await one(notices, notice)
        assert (found["state"], found["reasons"][-1]) == ("withdrawn", reason)
    clock.advance(timedelta(days=1))
    await notices.app.part(Sender).round()
    assert mails.kept == []


async def test_a_released_letter_is_not_rewritten(notices: Running, clock: FakeClock, mails: Mails) -> None:
    draft = await draft_of_a_reward(notices, clock)
    released = (await ask(notices, draft, "release")).json()
    await apply(notices, [score("95.00", 2)])
    clock.advance(timedelta(hours=1))
    await notices.app.part(Sender).round()
    [mail] = mails.kept
    assert "91,00" in text_of(mail)
    assert (await one(notices, draft))["body"] == released["body"]


async def test_a_new_superior_decides(notices: Running, clock: FakeClock) -> None:
    draft = await draft_of_a_reward(notices, clock)
    headers = await notices.key("notices", "notices:release", employee_id=str(SUPERIOR))
    await apply(notices, [incoming(EMPLOYEE, employee(OFFICER, 2, superior_id=None)), absences(1)])
    draft = await one(notices, draft)
    assert draft["evidence"]["officer"]["superior"] is None
    assert (await ask(notices, draft, "release", headers=headers)).status_code == 403
    assert (await ask(notices, draft, "release")).status_code == 200
