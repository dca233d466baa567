"""What the keys of an HR system, a monitor and a machine may and may not do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.people.present import Transfers
from tests.integration.attendance.city import City, city, person

PUNCHES = "/attendance/v1/punches"
OTHER_NIP = "199001012015011001"


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    """Two units with a machine and an officer each."""
    async with city(embedded_postgres) as found:
        await found.import_lines(
            person(), person(OTHER_NIP, name="Pegawai Dua", org_unit_id="u2", org_unit_name="Dinas Dua")
        )
        await found.machine()
        await found.machine("M2", "u2")
        await found.close()
        yield found


async def test_a_key_sends_for_the_machines_that_it_names_and_moves_no_other_watermark(town: City) -> None:
    mine = await town.service.key("attendance", "punches:write", machines=["M1"])
    body = {
        "rows": [{"pin": "5", "local_time": "2026-08-04T07:00:00"}],
        "complete_until": "2026-08-04T20:00:00+07:00",
    }
    assert (await town.http.post(PUNCHES, json=body | {"serial": "M1"}, headers=mine)).status_code == 200
    for serial in ("M2", "M9"):  # whether or not the machine exists
        answer = await town.http.post(PUNCHES, json=body | {"serial": serial}, headers=mine)
        assert (answer.status_code, answer.json()["detail"]) == (
            403,
            "This API key does not allow this machine. Ask the operator for a key that does.",
        )
    marks = {row.serial: row.complete_until for row in await town.rows("select serial, complete_until from machine")}
    assert marks["M1"] is not None
    assert marks["M2"] is None
    assert [row.serial for row in await town.rows("select serial from punch")] == ["M1"]
    assert (await town.http.post(PUNCHES, json=body | {"serial": "M2"})).status_code == 200  # the operator


async def test_a_key_of_before_machines_were_named_sends_for_none(town: City) -> None:
    key = await town.service.key("attendance", "punches:write", machines=["M1"])
    await town.run("update api_key set machines = null")
    assert (await town.http.post(PUNCHES, json={"serial": "M1", "rows": []}, headers=key)).status_code == 403


async def test_officers_and_units_of_other_units_are_not_there(town: City) -> None:
    one, two = await town.officer(), await town.officer(OTHER_NIP)
    key = await town.service.key("attendance", "employees:read", org_unit_ids=["u1"])
    listed = (await town.http.get("/attendance/v1/employees", headers=key)).json()["items"]
    assert [officer["employee_id"] for officer in listed] == [one["employee_id"]]
    asked = await town.http.get("/attendance/v1/employees", params={"org_unit_id": "u2"}, headers=key)
    assert asked.json()["items"] == []
    units = (await town.http.get("/attendance/v1/units", headers=key)).json()["items"]
    assert [unit["org_unit_id"] for unit in units] == ["u1"]
    for officer, status in ((one, 200), (two, 404)):
        path = f"/attendance/v1/employees/{officer['employee_id']}"
        assert (await town.http.get(path, headers=key)).status_code == status
        find = await town.http.post("/attendance/v1/employees/find", json={"nip": officer["nip"]}, headers=key)
        assert find.status_code == status
    every = await town.service.key("attendance", "employees:read")
    assert len((await town.http.get("/attendance/v1/employees", headers=every)).json()["items"]) == 2


async def test_an_officer_who_moves_is_not_in_the_former_unit_from_that_date_on(town: City) -> None:
    officer = await town.officer()
    path = f"/attendance/v1/employees/{officer['employee_id']}"
    former, present = [await town.service.key("attendance", "employees:read", org_unit_ids=[u]) for u in ("u1", "u2")]
    assert (await town.http.put(f"{path}/units/2026-08-06", json={"org_unit_id": "u2"})).status_code == 204

    async def found(key: dict[str, str]) -> list[bool]:
        """By the list, the search, the NIP and the id."""
        post = town.http.post
        lists = [
            await town.http.get("/attendance/v1/employees", headers=key),
            await post("/attendance/v1/employees/search", json={"q": officer["nip"]}, headers=key),
        ]
        single = [
            await post("/attendance/v1/employees/find", json={"nip": officer["nip"]}, headers=key),
            await town.http.get(path, headers=key),
        ]
        return [officer["nip"] in answer.text for answer in lists] + [answer.is_success for answer in single]

    assert [await found(former), await found(present)] == [[True] * 4, [False] * 4]
    assert town.clock is not None
    town.clock.advance(timedelta(hours=5))  # past midnight of the city
    await town.service.app.part(Transfers).round()
    assert [await found(former), await found(present)] == [[False] * 4, [True] * 4]


async def test_days_are_read_in_the_units_where_they_were(town: City) -> None:
    """After a transfer, each unit's HR system reads only the officer's days in that unit."""
    officer, other = (await town.officer())["employee_id"], (await town.officer(OTHER_NIP))["employee_id"]
    await town.run(
        'update attendance_day set record = replace(record, \'"org_unit_id":"u1"\', \'"org_unit_id":"u2"\')'
        " where work_date = '2026-08-04'"
    )
    one = await town.service.key("attendance", "days:read", org_unit_ids=["u1"])
    two = await town.service.key("attendance", "days:read", org_unit_ids=["u2"])
    span = {"from": "2026-08-03", "to": "2026-08-05"}
    path = f"/attendance/v1/employees/{officer}/days"
    for key, dates in ((one, ["2026-08-03", "2026-08-05"]), (two, ["2026-08-04"])):
        days = (await town.http.get(path, params=span, headers=key)).json()
        assert [day["work_date"] for day in days] == dates
        for work_date in ("2026-08-03", "2026-08-04", "2026-08-05"):
            answer = await town.http.get(f"{path}/{work_date}", headers=key)
            assert answer.status_code == (200 if work_date in dates else 404)
    foreign = f"/attendance/v1/employees/{other}/days"
    assert (await town.http.get(foreign, params=span, headers=one)).status_code == 404
    assert (await town.http.get(f"{foreign}/2026-08-03", headers=one)).status_code == 404
    every = await town.service.key("attendance", "days:read")
    assert len((await town.http.get(foreign, params=span, headers=every)).json()) == 3
