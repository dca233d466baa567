"""The server's clock was behind: what looked like punches of the future counts once an operator has said so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from embedded.postgres import EmbeddedPostgres
from tests.integration.attendance.city import City, city, local, person

pytestmark = pytest.mark.embedded

URL = "/attendance/v1/clock-corrections"
ADDRESS = f"{URL}/0190a5a0-0000-7000-8000-000000000001"
MACHINE = "/attendance/v1/machines/M1"
SETUP = {"name": "Pintu", "timezone": "Asia/Jakarta", "direction_from": "shift", "org_unit_id": "u1"}
HOUR_BEHIND = {
    "received_from": "2026-08-04T06:00:00+07:00",
    "received_to": "2026-08-04T16:00:00+07:00",
    "seconds_behind": 3_600,
    "reason": "jam server terlambat",
}


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    """On Tuesday the server's clock was an hour behind; the machine's was right, but for one punch of Thursday."""
    async with city(embedded_postgres) as found:
        await found.import_lines(person())
        officer = (await found.officer())["employee_id"]
        assert (await found.http.put(MACHINE, json=SETUP)).status_code == 201
        enrolment = {"employee_id": officer, "valid_from": "2026-08-01"}
        assert (await found.http.put(f"{MACHINE}/enrolments/7", json=enrolment)).status_code == 204
        await receive(found, "2026-08-04 06:20", "2026-08-04 07:20:00")
        await receive(found, "2026-08-04 15:05", "2026-08-04 16:05:00", "2026-08-06 07:00:00")
        assert found.clock is not None
        found.clock.set(local("2026-08-05 23:00"))
        await found.advance("2026-08-05 23:00")
        await found.close()
        yield found


async def receive(town: City, at: str, *moments: str) -> None:
    assert town.clock is not None
    town.clock.set(local(at))
    body = "\n".join(f"7\t{moment}\t255\t1" for moment in moments).encode()
    answer = await town.http.post("/iclock/cdata", params={"SN": "M1", "table": "ATTLOG"}, content=body)
    assert answer.text == f"OK: {len(moments)}"


async def counted(town: City) -> list[bool]:
    items = (await town.http.get("/attendance/v1/punches", params={"serial": "M1"})).json()["items"]
    assert all(item["counted"] == (item["flags"] == []) for item in items)
    return [item["counted"] for item in items]


async def correct(town: City, **changes: Any) -> None:
    answer = await town.http.put(ADDRESS, json=HOUR_BEHIND | changes)
    assert answer.status_code == 204, answer.text
    await town.close()


async def test_the_punches_of_that_time_count_and_the_machine_is_believed(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    assert await counted(town) == [False, False, False]
    assert (await town.day(officer, "2026-08-04"))["day"]["status"] == "unknown"
    listed = (await town.http.get("/attendance/v1/punches", params={"not_counted": True})).json()["items"]
    assert [item["received_at"] for item in listed] == ["2026-08-03T23:20:00Z"] + ["2026-08-04T08:05:00Z"] * 2
    await correct(town)
    assert await counted(town) == [True, True, False]
    (machine,) = (await town.http.get("/attendance/v1/machines")).json()
    assert machine["clock_wrong_since"] is None
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["state"], day["status"], day["late_minutes"]) == ("final", "present", 0)
    listed = (await town.http.get("/attendance/v1/punches", params={"not_counted": True})).json()["items"]
    assert [item["local_time"] for item in listed] == ["2026-08-06T07:00:00"]


async def test_only_what_came_in_that_time_is_judged_again(town: City) -> None:
    await correct(town, received_to="2026-08-04T12:00:00+07:00")
    assert await counted(town) == [True, False, False]


async def test_a_correction_can_be_changed_and_taken_back(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await correct(town)
    await correct(town, received_from="2026-08-04T12:00:00+07:00")
    assert await counted(town) == [False, True, False]
    await correct(town, seconds_behind=0)
    assert await counted(town) == [False, False, False]
    assert (await town.day(officer, "2026-08-04"))["day"]["status"] == "absent"
    assert [item["seconds_behind"] for item in (await town.http.get(URL)).json()] == [0]


async def test_it_holds_when_the_machine_s_zone_is_changed(town: City) -> None:
    await correct(town)
    for zone in ("Asia/Makassar", "Asia/Jakarta"):
        assert (await town.http.put(MACHINE, json=SETUP | {"timezone": zone})).status_code == 200
    assert await counted(town) == [True, True, False]


@pytest.mark.parametrize(
    "change",
    [
        {"received_to": "2026-08-05T23:00:01+07:00"},
        {"received_to": "2026-08-04T06:00:00+07:00"},
        {"received_from": "2025-08-01T06:00:00+07:00"},
        {"received_from": "2026-08-04T06:00:00"},
        {"seconds_behind": -1},
        {"reason": ""},
    ],
)
async def test_what_cannot_be_is_refused(town: City, change: dict[str, Any]) -> None:
    assert (await town.http.put(ADDRESS, json=HOUR_BEHIND | change)).status_code == 422
    assert await counted(town) == [False, False, False]
    assert (await town.http.put(ADDRESS, json=HOUR_BEHIND, headers={"Authorization": ""})).status_code == 401
