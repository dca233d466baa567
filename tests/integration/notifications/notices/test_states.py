"""A notice that somebody decided on, received or read changes only by the steps that its state allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.notifications.delivery.sender import Sender
from services.notifications.notices.ageing import Ageing
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running
from tests.integration.notifications.desk import apply, ask, listed, one, weeks
from tests.integration.notifications.mails import Mails, address_of
from tests.integration.notifications.notice_records import score

DECIDED = ("released", "delivered", "acknowledged", "withheld", "expired", "withdrawn")
WHY = {"reason_code": "LATER"}

Notices = dict[str, dict[str, Any]]
"""A whole notice in each state."""


async def rewards(service: Running, clock: FakeClock, *officers: UUID) -> list[dict[str, Any]]:
    """A draft of a reward for each of these officers, in their order."""
    people = [employee(one, email=f"{one}@example.go.id") for one in officers]
    await apply(service, [incoming(EMPLOYEE, person) for person in people])
    await apply(service, [score("91.00", employee_id=str(one)) for one in officers])
    await weeks(service, clock, 4)
    drafts = {draft["employee_id"]: draft for draft in await listed(service, kind="reward", state="draft")}
    return [drafts[str(one)] for one in officers]


async def in_each_state(service: Running, clock: FakeClock) -> Notices:
    """A reward in each state after a decision; the mail of the released one still waits."""
    [expired] = await rewards(service, clock, uuid4())
    clock.advance(timedelta(days=30))
    await service.app.part(Ageing).round()
    delivered, released, acknowledged, withheld, withdrawn = await rewards(service, clock, *(uuid4() for _ in range(5)))
    await ask(service, delivered, "release")
    await service.app.part(Sender).round()
    for notice in (released, acknowledged):
        await ask(service, notice, "release")
    await ask(service, acknowledged, "acknowledge")
    await ask(service, withheld, "withhold", json=WHY)
    await apply(service, [score("80.00", 2, employee_id=withdrawn["employee_id"])])
    found = [released, delivered, acknowledged, withheld, expired, withdrawn]
    notices = {name: await one(service, notice) for name, notice in zip(DECIDED, found, strict=True)}
    assert {name: notice["state"] for name, notice in notices.items()} == {name: name for name in DECIDED}
    return notices


async def stay(service: Running, notices: Notices, *names: str) -> None:
    for name in names:
        assert await one(service, notices[name]) == notices[name], name


async def test_a_decision_or_acknowledgement_changes_only_states_that_allow_it(
    notices: Running, clock: FakeClock
) -> None:
    there = await in_each_state(notices, clock)
    repeated = {"release": "released", "withhold": "withheld", "acknowledge": "acknowledged"}
    clock.advance(timedelta(days=1))  # a changed time would be seen
    for action, same in repeated.items():
        for name in DECIDED:
            if action == "acknowledge" and name in ("released", "delivered"):
                continue  # the recipient may read it
            body = {"json": WHY} if action == "withhold" else {}
            answer = await ask(notices, there[name], action, **body)
            assert answer.status_code == (200 if name == same else 409), (action, name)
            await stay(notices, there, name)


async def test_time_and_records_change_only_states_that_allow_it(
    notices: Running, clock: FakeClock, mails: Mails
) -> None:
    there = await in_each_state(notices, clock)
    revisions = iter(range(3, 9))

    def scores(value: str) -> Callable[[], Awaitable[Any]]:
        number = next(revisions)
        return lambda: apply(
            notices, [score(value, number, employee_id=there[name]["employee_id"]) for name in DECIDED]
        )

    # the score rises, and after a year without a decision or a click nothing has changed by itself
    await scores("95.00")()
    clock.advance(timedelta(days=400))
    await notices.app.part(Ageing).round()
    await stay(notices, there, *DECIDED)
    # the mail of the released one goes out now, and no other
    await notices.app.part(Sender).round()
    sent = [address_of(mail) for mail in mails.kept]
    assert sent == [f"{there[name]['employee_id']}@example.go.id" for name in ("delivered", "released")]
    await stay(notices, there, *(name for name in DECIDED if name != "released"))
    # what was received stays, although the score falls
    there["released"] = await one(notices, there["released"])
    await scores("70.00")()
    await notices.app.part(Sender).round()
    await stay(notices, there, *DECIDED)
    assert len(mails.kept) == 2


async def test_a_past_semester_is_not_evaluated(notices: Running, clock: FakeClock) -> None:
    """Nobody can still improve it: a nudge would only hurt."""
    await apply(notices, [score("60.00", quality="60.00", semester="2026-S1", state="final")])
    await weeks(notices, clock, 3)
    assert await listed(notices) == []
