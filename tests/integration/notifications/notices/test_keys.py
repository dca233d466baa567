"""Which keys may read notices and which may decide on them."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running
from tests.integration.notifications.desk import apply, ask, draft_of_a_reward, listed
from tests.integration.notifications.notice_records import OFFICER, SUPERIOR, absences

LIST = "/notices/v1/notices"


async def test_a_superior_reads_only_notices_about_direct_subordinates(notices: Running) -> None:
    await apply(notices, [absences(3), absences(3, officer=SUPERIOR)])
    mine = await notices.key("notices", "notices:release", employee_id=str(SUPERIOR))
    found = (await notices.http.get(LIST, headers=mine)).json()["items"]
    assert {n["employee_id"] for n in found} == {str(OFFICER)}
    for notice in await listed(notices):
        answer = await notices.http.get(f"{LIST}/{notice['notice_id']}", headers=mine)
        assert answer.status_code == (200 if notice["employee_id"] == str(OFFICER) else 404)


async def test_a_reader_gets_the_notices_of_its_units_and_decides_nothing(notices: Running, clock: FakeClock) -> None:
    elsewhere = uuid4()
    draft = await draft_of_a_reward(notices, clock)
    person = employee(elsewhere, nip="199001012015011005", org_unit_id="unit-2", org_unit_name="Unit Dua")
    await apply(notices, [incoming(EMPLOYEE, person), absences(3, officer=elsewhere)])
    limited = await notices.key("notices", "notices:read", org_unit_ids=["unit-1"])
    every = await notices.key("notices", "notices:read")
    for key, officers in ((limited, {OFFICER}), (every, {OFFICER, elsewhere})):
        found = (await notices.http.get(LIST, headers=key)).json()["items"]
        assert {n["employee_id"] for n in found} == {str(officer) for officer in officers}
        for notice in await listed(notices):
            answer = await notices.http.get(f"{LIST}/{notice['notice_id']}", headers=key)
            inside = notice["employee_id"] in {str(officer) for officer in officers}
            assert answer.status_code == (200 if inside else 404)
        assert (await ask(notices, draft, "release", headers=key)).status_code == 403
    # an officer without a known unit is in nobody's units
    async with notices.context.database.transaction() as session:
        await session.execute(text("update employee set org_unit_id = null"))
    assert (await notices.http.get(LIST, headers=limited)).json()["items"] == []


async def test_a_key_with_both_scopes_reads_both(notices: Running) -> None:
    await apply(notices, [absences(3), absences(3, officer=SUPERIOR)])
    both = await notices.key("notices", "notices:read", "notices:release", employee_id=str(SUPERIOR))
    assert len((await notices.http.get(LIST, headers=both)).json()["items"]) == 3


async def test_only_the_superior_or_the_operator_decides(notices: Running, clock: FakeClock) -> None:
    draft = await draft_of_a_reward(notices, clock)
    for holder, status in ((OFFICER, 403), (uuid4(), 403), (SUPERIOR, 200)):
        key = await notices.key("notices", "notices:release", employee_id=str(holder))
        assert (await ask(notices, draft, "release", headers=key)).status_code == status


async def test_a_key_without_an_officer_is_not_the_superior_of_an_officer_without_one(
    notices: Running, clock: FakeClock
) -> None:
    """A key without an officer and an officer without a superior do not match: null is not null."""
    key = await notices.key("notices", "notices:release", employee_id=str(SUPERIOR))
    async with notices.context.database.transaction() as session:
        await session.execute(text("update api_key set employee_id = null"))
    await apply(notices, [incoming(EMPLOYEE, employee(OFFICER, 2, superior_id=None))])
    draft = await draft_of_a_reward(notices, clock)
    assert (await notices.http.get(LIST, headers=key)).json()["items"] == []
    assert (await notices.http.get(f"{LIST}/{draft['notice_id']}", headers=key)).status_code == 404
    for action, body in (("release", None), ("withhold", {"reason_code": "NEW_DATA"})):
        assert (await ask(notices, draft, action, headers=key, json=body)).status_code == 403


@pytest.mark.parametrize("successor", [uuid4(), None])
async def test_a_former_superior_reads_and_decides_nothing_more(
    notices: Running, clock: FakeClock, successor: UUID | None
) -> None:
    draft = await draft_of_a_reward(notices, clock)
    former = await notices.key("notices", "notices:release", employee_id=str(SUPERIOR))
    assert len((await notices.http.get(LIST, headers=former)).json()["items"]) == 1
    person = employee(OFFICER, 2, superior_id=None if successor is None else str(successor))
    await apply(notices, [incoming(EMPLOYEE, person), absences(3)])
    assert (await notices.http.get(LIST, headers=former)).json()["items"] == []
    for notice in await listed(notices):
        assert (await notices.http.get(f"{LIST}/{notice['notice_id']}", headers=former)).status_code == 404
    for action, body in (("release", None), ("withhold", {"reason_code": "NEW_DATA"})):
        assert (await ask(notices, draft, action, headers=former, json=body)).status_code == 403
    if successor is not None:
        present = await notices.key("notices", "notices:release", employee_id=str(successor))
        assert (await ask(notices, draft, "release", headers=present)).status_code == 200
        assert (await ask(notices, draft, "release", headers=former)).status_code == 403  # nor a repeated decision


async def test_an_officer_who_moves_is_not_in_the_former_unit_any_more(notices: Running) -> None:
    await apply(notices, [absences(3)])
    former, present = [await notices.key("notices", "notices:read", org_unit_ids=[u]) for u in ("unit-1", "unit-2")]
    moved = employee(OFFICER, 2, superior_id=str(SUPERIOR), org_unit_id="unit-2", org_unit_name="Unit Dua")
    await apply(notices, [incoming(EMPLOYEE, moved)])
    for key, status in ((former, 404), (present, 200)):
        assert bool((await notices.http.get(LIST, headers=key)).json()["items"]) is (status == 200)
        for notice in await listed(notices):
            answer = await notices.http.get(f"{LIST}/{notice['notice_id']}", headers=key)
            assert answer.status_code == status
