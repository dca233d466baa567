"""A leave request is approved or rejected once; who decided, when and why is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from embedded.postgres import EmbeddedPostgres
from tests.integration.attendance.city import City, city, person

pytestmark = pytest.mark.embedded

EXCUSE = "/attendance/v1/excuses/0190a5a0-0000-7000-8000-0000000000{:02}"
HEAD_NIP = "199009132025212001"


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    async with city(embedded_postgres) as found:
        await found.import_lines(person(superior_nip=HEAD_NIP), person(HEAD_NIP, employment_type="PPPK"))
        await found.machine(mark="2026-08-05 19:59")
        await found.close()
        yield found


async def put(town: City, state: str, number: int = 1, **more: Any) -> int:
    officer = (await town.officer())["employee_id"]
    body = {
        "employee_id": officer,
        "code": "CUTI_TAHUNAN",
        "kind": "leave",
        "first_date": "2026-08-04",
        "last_date": "2026-08-04",
        "state": state,
    }
    answer = await town.http.put(EXCUSE.format(number), json=body | more)
    await town.work()
    return answer.status_code


async def tuesday(town: City) -> tuple[str, list[str], int]:
    officer = (await town.officer())["employee_id"]
    day = (await town.day(officer, "2026-08-04"))["day"]
    return day["status"], day["reasons"], day["revision"]


async def test_a_rejected_request_excuses_nothing_and_its_days_are_computed_again(town: City) -> None:
    head = (await town.officer(HEAD_NIP))["employee_id"]
    assert await put(town, "requested") == 204
    assert await tuesday(town) == ("absent", ["NO_PUNCH", "EXCUSE_REQUESTED"], 2)
    rejected = {"reason": "Pelayanan penuh", "decided_by": head}
    assert await put(town, "rejected", **rejected) == 204
    assert await tuesday(town) == ("absent", ["NO_PUNCH"], 3)
    for _ in range(2):  # a repeat is no new decision
        assert await put(town, "rejected", **rejected) == 204
    assert await tuesday(town) == ("absent", ["NO_PUNCH"], 3)
    decisions = (await town.http.get(EXCUSE.format(1) + "/decisions")).json()
    assert [(d["state"], d["reason"], d["decided_by"], d["recorded_by"]) for d in decisions] == [
        ("requested", None, None, "operator"),
        ("rejected", "Pelayanan penuh", head, "operator"),
    ]
    assert decisions[1]["recorded_at"].startswith("2026-08-05T13:00:00")
    officer = (await town.officer())["employee_id"]
    [listed] = (await town.http.get("/attendance/v1/excuses", params={"employee_id": officer})).json()
    assert (listed["state"], listed["reason"], listed["decided_by"]) == ("rejected", "Pelayanan penuh", head)


async def test_an_approval_after_a_rejection_needs_a_new_request(town: City) -> None:
    assert await put(town, "rejected", reason="Kurang lengkap") == 204
    assert await put(town, "approved") == 409
    assert (await tuesday(town))[0] == "absent"
    assert await put(town, "approved", number=2) == 204
    assert (await tuesday(town))[0] == "excused"


async def test_decisions_that_cannot_follow_the_last_one_are_refused_and_change_nothing(town: City) -> None:
    assert await put(town, "revoked", reason="Salah") == 409  # nothing was approved
    assert await put(town, "rejected") == 422  # a rejection needs a reason
    assert await put(town, "approved") == 204
    for state in ("requested", "rejected"):
        assert await put(town, state, reason="Lain") == 409
    assert await put(town, "revoked") == 422
    assert (await tuesday(town))[0] == "excused"
    assert await put(town, "revoked", reason="Dipanggil") == 204
    assert (await tuesday(town))[0] == "absent"
    for state in ("requested", "approved", "rejected", "revoked"):
        assert await put(town, state, reason="Lagi") == 409
    decisions = (await town.http.get(EXCUSE.format(1) + "/decisions")).json()
    assert [d["state"] for d in decisions] == ["approved", "revoked"]
    assert (await town.http.get(EXCUSE.format(9) + "/decisions")).status_code == 404


async def test_a_decision_cannot_move_a_leave_to_another_officer(town: City) -> None:
    head = (await town.officer(HEAD_NIP))["employee_id"]
    assert await put(town, "approved") == 204
    for state in ("approved", "revoked"):
        assert await put(town, state, employee_id=head, reason="Dipanggil") == 409
    assert await put(town, "approved") == 204  # sent again: no new decision
    assert await tuesday(town) == ("excused", ["LEAVE"], 2)
    assert (await town.day(head, "2026-08-04"))["day"]["status"] == "absent"
    decisions = (await town.http.get(EXCUSE.format(1) + "/decisions")).json()
    assert [d["state"] for d in decisions] == ["approved"]


async def test_an_approval_with_corrected_dates_excuses_only_the_new_dates(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    monday, wednesday = "2026-08-03", "2026-08-05"  # a change of one date also enqueues its neighbours
    for right in (monday, wednesday):
        assert await put(town, "approved", first_date=right, last_date=right) == 204
        statuses = {date: (await town.day(officer, date))["day"]["status"] for date in (monday, wednesday)}
        assert [date for date, status in statuses.items() if status == "excused"] == [right]


async def test_leave_on_the_next_day_does_not_take_the_departure_of_a_night_shift(town: City) -> None:
    """07:10 is nearer to the day's start than to the night's end, but the officer is on leave that day."""
    officer = (await town.officer())["employee_id"]
    night = {"starts_at": "2026-08-03T22:00:00", "ends_at": "2026-08-04T06:00:00"}
    assert (await town.http.put(f"/attendance/v1/employees/{officer}/roster/2026-08-03", json=night)).is_success
    await town.punch(officer, "2026-08-03 21:55:00", "2026-08-04 07:10:00")
    await town.work()
    assert (await town.day(officer, "2026-08-03"))["day"]["missing_punches"] == ["out"]
    assert await put(town, "approved") == 204
    assert (await town.day(officer, "2026-08-03"))["day"]["last_out"] == "2026-08-04T07:10:00+07:00"
