"""The server's clock was behind: punches that looked like future ones count after an operator's correction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from embedded.postgres import EmbeddedPostgres
from tests.integration.attendance.city import City, city, local, person

pytestmark = pytest.mark.embedded

URL = "/attendance/v1/clock-corrections"
ADDRESS = f"{URL}/0190a5a0-0000-7000-8000-000000000001"
MACHINES = "/attendance/v1/machines"
PUNCHES = "/attendance/v1/punches"
SETUP = {"name": "Pintu", "timezone": "Asia/Jakarta", "direction_from": "shift", "org_unit_id": "u1"}
HOUR_BEHIND = {
    "received_from": "2026-08-04T06:00:00+07:00",
    "received_to": "2026-08-04T16:00:00+07:00",
    "seconds_behind": 3_600,
    "reason": "jam server terlambat",
}


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    """On Tuesday the server's clock was an hour behind and the machine's was right."""
    async with city(embedded_postgres) as found:
        await found.import_lines(person(), person("199608182022041002", name="Contoh Lain"))
        found.clock.set(local("2026-08-03 06:00"))  # type: ignore[union-attr]
        await register(found, "M1")
        await receive(found, "2026-08-04 06:20", "2026-08-04 07:20:00")
        await receive(found, "2026-08-04 15:05", "2026-08-04 16:05:00")
        found.clock.set(local("2026-08-05 23:00"))  # type: ignore[union-attr]
        await found.advance("2026-08-05 23:00")
        await found.close()
        yield found


async def register(town: City, serial: str) -> None:
    assert (await town.http.put(f"{MACHINES}/{serial}", json=SETUP)).status_code == 201
    enrolment = {"employee_id": (await town.officer())["employee_id"], "valid_from": "2026-08-01"}
    assert (await town.http.put(f"{MACHINES}/{serial}/enrolments/7", json=enrolment)).status_code == 204


async def receive(town: City, at: str, *moments: str, serial: str = "M1", stranger: bool = False) -> None:
    town.clock.set(local(at))  # type: ignore[union-attr]
    body = "\n".join(f"7\t{moment}\t255\t1" for moment in moments).encode()
    answer = await town.http.post("/iclock/cdata", params={"SN": serial, "table": "ATTLOG"}, content=body)
    assert (answer.status_code == 404) if stranger else (answer.text == f"OK: {len(moments)}")


async def counted(town: City, serial: str = "M1") -> list[bool]:
    items = (await town.http.get(PUNCHES, params={"serial": serial})).json()["items"]
    assert all(item["counted"] == (item["flags"] == []) for item in items)
    return [item["counted"] for item in items]


async def correct(town: City, address: str = ADDRESS, **changes: Any) -> None:
    answer = await town.http.put(address, json=HOUR_BEHIND | changes)
    assert answer.status_code == 204, answer.text
    await town.close()


async def wrong_since(town: City, serial: str = "M1") -> str | None:
    found = {item["serial"]: item["clock_wrong_since"] for item in (await town.http.get(MACHINES)).json()}
    answer: str | None = found[serial]
    return answer


async def state(town: City, nip: str = "199608182022041001") -> tuple[str, str]:
    day = (await town.day((await town.officer(nip))["employee_id"], "2026-08-04"))["day"]
    return day["state"], day["status"]


async def test_the_punches_of_that_time_count_and_the_machines_clock_is_right_again(town: City) -> None:
    assert await counted(town) == [False, False]
    assert await state(town) == ("provisional", "unknown")
    await correct(town)
    assert await counted(town) == [True, True]
    assert await wrong_since(town) is None
    assert await state(town) == ("final", "present")
    assert await state(town, "199608182022041002") == ("final", "absent")


async def test_a_clock_that_is_ahead_of_the_true_time_too_stays_wrong(town: City) -> None:
    """Otherwise its unit's days close while its punches do not count."""
    town.clock.set(local("2026-08-03 06:00"))  # type: ignore[union-attr]
    await register(town, "M2")
    await receive(town, "2026-08-04 15:00", "2026-08-06 07:00:00", serial="M2")
    town.clock.set(local("2026-08-05 23:00"))  # type: ignore[union-attr]
    await correct(town)
    assert (await wrong_since(town), await wrong_since(town, "M2")) == (None, "2026-08-04T08:00:00Z")
    assert await counted(town, "M2") == [False]
    assert (await state(town, "199608182022041002"))[0] == "provisional"


async def test_a_clock_stays_wrong_after_a_post_with_both_until_the_next_live_punch(town: City) -> None:
    await receive(town, "2026-08-04 15:30", "2026-08-04 16:30:00", "2026-08-06 07:00:00")
    town.clock.set(local("2026-08-05 23:00"))  # type: ignore[union-attr]
    await correct(town)
    assert await wrong_since(town) == "2026-08-04T08:30:00Z"
    await receive(town, "2026-08-05 23:00", "2026-08-05 08:00:00")  # a stored punch: proves nothing about its clock
    await correct(town, reason="again")
    assert await wrong_since(town) == "2026-08-04T08:30:00Z"
    await receive(town, "2026-08-05 23:01", "2026-08-05 23:00:30")
    assert await wrong_since(town) is None
    await correct(town, reason="once more")
    assert await wrong_since(town) is None


async def test_a_clock_that_was_wrong_before_that_time_stays_wrong_until_a_live_punch(town: City) -> None:
    town.clock.set(local("2026-08-03 06:00"))  # type: ignore[union-attr]
    await register(town, "M2")
    await receive(town, "2026-08-03 12:00", "2026-08-06 07:00:00", serial="M2")
    await receive(town, "2026-08-04 07:00", "2026-08-04 07:20:00", serial="M2")  # 40 minutes old in true time
    town.clock.set(local("2026-08-05 23:00"))  # type: ignore[union-attr]
    await correct(town)
    assert await counted(town, "M2") == [False, True]
    assert (await wrong_since(town), await wrong_since(town, "M2")) == (None, "2026-08-03T05:00:00Z")


async def test_only_punches_received_in_that_time_are_checked_again(town: City) -> None:
    await correct(town, received_to="2026-08-04T12:00:00+07:00")
    assert await counted(town) == [True, False]


async def test_an_undone_correction_restores_the_former_state(town: City) -> None:
    await correct(town)
    assert await state(town, "199608182022041002") == ("final", "absent")
    await correct(town, received_from="2026-08-04T12:00:00+07:00")
    assert await counted(town) == [False, True]
    await correct(town, seconds_behind=0)
    assert await counted(town) == [False, False]
    assert await wrong_since(town) == "2026-08-03T23:20:00Z"
    assert await state(town) == await state(town, "199608182022041002") == ("provisional", "unknown")
    assert [item["seconds_behind"] for item in (await town.http.get(URL)).json()] == [0]


async def test_two_corrections_of_one_time_are_refused(town: City) -> None:
    await correct(town)
    other = ADDRESS.replace("0001", "0002")
    answer = await town.http.put(other, json=HOUR_BEHIND | {"received_from": "2026-08-04T15:59:00+07:00"})
    assert (answer.status_code, ADDRESS.rpartition("/")[2] in answer.json()["detail"]) == (409, True)
    await correct(town, seconds_behind=0)
    await correct(town, other)
    assert await counted(town) == [True, True]


async def test_a_correction_still_applies_after_a_change_of_the_machines_zone(town: City) -> None:
    await correct(town)
    for zone in ("Asia/Makassar", "Asia/Jakarta"):
        assert (await town.http.put(f"{MACHINES}/M1", json=SETUP | {"timezone": zone})).status_code == 200
    assert await counted(town) == [True, True]


async def test_a_correction_applies_to_lines_that_waited_for_the_registration(town: City) -> None:
    await receive(town, "2026-08-04 15:00", "2026-08-04 16:00:00", serial="M2", stranger=True)
    town.clock.set(local("2026-08-05 23:00"))  # type: ignore[union-attr]
    await correct(town)
    await register(town, "M2")
    assert await counted(town, "M2") == [True]


async def test_a_correction_applies_to_punches_with_an_offset(town: City) -> None:
    """The machine had another zone then; their local times still use it."""
    await register(town, "M2")
    assert (await town.http.put(f"{MACHINES}/M2", json=SETUP | {"timezone": "Asia/Jayapura"})).status_code == 200
    town.clock.set(local("2026-08-04 12:00"))  # type: ignore[union-attr]
    row = {"pin": "7", "at": "2026-08-04T11:59:00+07:00"}
    assert (await town.http.post(PUNCHES, json={"serial": "M2", "rows": [row]})).is_success
    assert (await town.http.put(f"{MACHINES}/M2", json=SETUP)).status_code == 200
    town.clock.set(local("2026-08-05 23:00"))  # type: ignore[union-attr]
    await correct(town, seconds_behind=60)
    assert await counted(town, "M2") == [True]


async def test_live_punches_do_not_wait_for_a_correction(town: City) -> None:
    answer = await town.http.put(ADDRESS, json=HOUR_BEHIND)
    assert answer.status_code == 204
    assert {row.bulk for row in await town.rows("select bulk from day_queue")} == {True}


async def test_uncounted_punches_are_listed_with_their_receive_time(town: City) -> None:
    async def received(**span: str) -> list[str]:
        answer = await town.http.get(PUNCHES, params={"not_counted": True} | span)
        return [item["received_at"] for item in answer.json()["items"]]

    assert await received() == ["2026-08-03T23:20:00Z", "2026-08-04T08:05:00Z"]
    assert await received(received_from="2026-08-04T00:00:00Z") == ["2026-08-04T08:05:00Z"]
    assert await received(received_to="2026-08-04T00:00:00Z") == ["2026-08-03T23:20:00Z"]
    await correct(town)
    assert await received() == []


@pytest.mark.parametrize(
    "change",
    [
        {"received_to": "2026-08-05T23:00:01+07:00"},
        {"received_to": "2026-08-04T06:00:00+07:00"},
        {"received_from": "2026-07-28T15:59:00+07:00"},
        {"received_from": "2026-08-04T06:00:00"},
        {"seconds_behind": -1},
        {"reason": ""},
    ],
)
async def test_an_impossible_correction_is_refused(town: City, change: dict[str, Any]) -> None:
    assert (await town.http.put(ADDRESS, json=HOUR_BEHIND | change)).status_code == 422
    assert await counted(town) == [False, False]
    assert (await town.http.put(ADDRESS, json=HOUR_BEHIND, headers={"Authorization": ""})).status_code == 401


async def test_a_unit_that_the_machine_left_is_recomputed_too(town: City) -> None:
    """After the correction is undone, the machine is not trusted for the time before its move."""
    await correct(town)
    assert await state(town, "199608182022041002") == ("final", "absent")
    await town.import_lines(person("199608182022041003", org_unit_id="u2", org_unit_name="Dinas Dua"))
    town.clock.set(local("2026-08-06 12:00"))  # type: ignore[union-attr]
    moved = SETUP | {"org_unit_id": "u2", "in_unit_from": "2026-08-06T06:00:00+07:00"}
    assert (await town.http.put(f"{MACHINES}/M1", json=moved)).status_code == 200
    await town.work()
    await correct(town, seconds_behind=0)
    assert await state(town, "199608182022041002") == ("provisional", "unknown")


async def test_a_guests_punches_count_too_although_nothing_changes_in_the_guests_unit(town: City) -> None:
    """The officer of another unit punched at M1, whose watermark concerns no day of that unit."""
    await town.import_lines(person(org_unit_id="u2", org_unit_name="Dinas Dua", unit_from="2026-08-01"))
    await town.machine("M2", "u2", mark="2026-08-05 23:00")
    await town.close()
    assert await state(town) == ("final", "absent")
    answer = await town.http.put(ADDRESS, json=HOUR_BEHIND)
    assert answer.status_code == 204, answer.text
    await town.work()
    assert await state(town) == ("final", "present")
