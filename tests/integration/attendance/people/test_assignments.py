"""Backdated and future transfers and contract changes: each date uses its own unit and employment type."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.attendance.people.present import Transfers
from tests.fixtures.faults.store_faults import until_waiting
from tests.integration.attendance.city import City, city, local, person

pytestmark = pytest.mark.embedded

ELSEWHERE = {"org_unit_id": "u2", "org_unit_name": "Dinas Dua"}


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    """An officer of u1. u1's machine is up to date; u2's machine uploaded only up to Monday."""
    async with city(embedded_postgres) as found:
        await found.import_lines(person(), person("199009132025212001", employment_type="PPPK", **ELSEWHERE))
        await found.machine("M1", "u1", mark="2026-08-05 19:59")
        await found.machine("M2", "u2", mark="2026-08-03 21:00")
        await found.close()
        yield found


async def units(town: City, officer: str) -> list[tuple[str, str, str]]:
    """Unit, state and status of the three days."""
    days = [(await town.day(officer, f"2026-08-0{n}"))["day"] for n in (3, 4, 5)]
    return [(day["org_unit_id"], day["state"], day["status"]) for day in days]


async def put_unit(town: City, officer: str, since: str, unit: str) -> None:
    answer = await town.http.put(f"/attendance/v1/employees/{officer}/units/{since}", json={"org_unit_id": unit})
    assert answer.status_code == 204, answer.text
    await town.work()


async def test_after_a_backdated_transfer_each_date_waits_for_its_own_units_machines(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    assert [day[:2] for day in await units(town, officer)] == [
        ("u1", "final"),
        ("u1", "final"),
        ("u1", "provisional"),
    ]
    await put_unit(town, officer, "2026-08-04", "u2")
    assert await units(town, officer) == [
        ("u1", "final", "absent"),
        ("u2", "provisional", "unknown"),
        ("u2", "provisional", "unknown"),
    ]
    await town.advance("2026-08-04 21:00", serial="M2")  # the day now waits for the new unit's machine
    await town.work()
    assert (await units(town, officer))[1] == ("u2", "final", "absent")
    assert (await town.http.get(f"/attendance/v1/employees/{officer}/units")).json() == [
        {"effective_from": "2022-04-01", "org_unit_id": "u1"},
        {"effective_from": "2026-08-04", "org_unit_id": "u2"},
    ]
    assert (await town.http.delete(f"/attendance/v1/employees/{officer}/units/2026-08-04")).status_code == 204
    await town.work()
    assert [unit for unit, _, _ in await units(town, officer)] == ["u1"] * 3
    records = await records_of(town, officer)
    assert [r["revision"] for r in records if r["work_date"] == "2026-08-04"] == [1, 2, 3, 4]


async def records_of(town: City, officer: str) -> list[dict[str, Any]]:
    rows = await town.rows("select value from outbox where topic = 'asn.attendance-day.v1' order by id")
    records = [orjson.loads(row.value) for row in rows]
    return [record for record in records if record["employee_id"] == officer]


async def test_each_date_has_the_week_of_its_own_unit(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    week = {
        "name": "Pelayanan",
        "kind": "five_day",
        "days": {each: {"start": "08:00", "end": "10:00"} for each in ("monday", "tuesday", "wednesday")},
        "effective_from": "2026-08-01",
        "org_unit_id": "u2",
    }
    address = "/attendance/v1/schedules/0190a5a0-0000-7000-8000-000000000001"
    assert (await town.http.put(address, json=week)).status_code == 204
    await town.import_lines(person(**ELSEWHERE, unit_from="2026-08-04"))
    await town.work()

    async def minutes() -> list[int]:
        return [(await town.day(officer, f"2026-08-0{n}"))["day"]["scheduled_minutes"] for n in (3, 4, 5)]

    assert await minutes() == [450, 120, 120]
    await town.import_lines(person(**ELSEWHERE, unit_from="2026-08-05"))  # transfer one day later
    await town.work()
    assert await minutes() == [450, 450, 120]
    # a change of the unit's hours affects only officers who were in the unit then
    late = week | {"days": {"tuesday": {"start": "08:00", "end": "09:00"}}, "org_unit_id": "u1"}
    assert (await town.http.put(address, json=late)).status_code == 204
    await town.work()
    assert await minutes() == [0, 60, 450]
    assert (await town.http.delete(address)).status_code == 204
    await town.work()
    assert await minutes() == [450, 450, 450]


async def test_the_former_units_hours_affect_the_first_date_in_the_new_unit(town: City) -> None:
    """An evening shift of the former unit takes the punch that was the arrival of the night after it."""
    officer = (await town.officer())["employee_id"]
    await put_unit(town, officer, "2026-08-05", "u2")
    night = {"starts_at": "2026-08-05T01:00:00", "ends_at": "2026-08-05T09:00:00"}
    address = f"/attendance/v1/employees/{officer}/roster/2026-08-05"
    assert (await town.http.put(address, json=night)).status_code == 204
    await town.punch(officer, "2026-08-04 23:10:00")
    await town.work()
    assert (await town.day(officer, "2026-08-05"))["day"]["first_in"] == "2026-08-04T23:10:00+07:00"
    evening = {"name": "Sore", "kind": "five_day", "days": {"tuesday": {"start": "14:00", "end": "22:00"}}}
    address = "/attendance/v1/schedules/0190a5a0-0000-7000-8000-000000000002"
    body = evening | {"effective_from": "2026-08-01", "effective_to": "2026-08-04", "org_unit_id": "u1"}
    assert (await town.http.put(address, json=body)).status_code == 204
    await town.work()
    assert (await town.day(officer, "2026-08-05"))["day"]["first_in"] is None


async def test_the_first_unit_also_applies_to_earlier_dates(town: City) -> None:
    nip = "199203042018012004"
    await town.import_lines(person(nip, unit_from="2026-08-07"))
    await town.close()
    found = await town.officer(nip)
    assert (found["org_unit_id"], found["revision"]) == ("u1", 1)
    assert [unit for unit, _, _ in await units(town, found["employee_id"])] == ["u1"] * 3
    setting = {"org_unit_id": "u1", "by_roster": True, "effective_from": "2026-08-01"}
    address = "/attendance/v1/by-roster/0190a5a0-0000-7000-8000-000000000001"
    assert (await town.http.put(address, json=setting)).status_code == 204
    await town.work()
    assert [status for _, _, status in await units(town, found["employee_id"])] == ["off"] * 3


async def test_an_outage_of_a_unit_affects_officers_who_were_in_it_at_the_time(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await put_unit(town, officer, "2026-08-05", "u2")
    outage = {"starts_at": "2026-08-03T00:00:00Z", "ends_at": "2026-08-05T00:00:00Z", "reason": "Padam"}
    for number, unit in enumerate(("u2", "u1")):
        address = f"/attendance/v1/outages/0190a5a0-0000-7000-8000-00000000000{number}"
        assert (await town.http.put(address, json=outage | {"org_unit_id": unit})).status_code == 204
        await town.work()
        expected = {"u2": "absent", "u1": "unknown"}[unit]
        assert [status for _, _, status in await units(town, officer)][:2] == [expected] * 2


async def test_a_change_of_contract_does_not_affect_earlier_days(town: City) -> None:
    """A part-time officer without own hours is off; from the full-time date on, the city's week applies."""
    nip = "199009132025242001"
    await town.import_lines(person(nip, employment_type="PPPK_PART_TIME"))
    await town.close()
    officer = (await town.officer(nip))["employee_id"]
    assert [status for _, _, status in await units(town, officer)] == ["off", "off", "off"]
    await town.import_lines(person(nip, employment_type="PPPK", employment_type_from="2026-08-04"))
    await town.work()
    assert [status for _, _, status in await units(town, officer)] == ["off", "absent", "unknown"]
    found = await town.officer(nip)
    assert (found["employment_type"], found["employment_type_from"]) == ("PPPK", "2026-08-04")
    listed = (await town.http.get(f"/attendance/v1/employees/{officer}/employment-types")).json()
    assert [item["employment_type"] for item in listed] == ["PPPK_PART_TIME", "PPPK"]
    address = f"/attendance/v1/employees/{officer}/employment-types"
    stated = await town.http.put(f"{address}/2026-08-03", json={"employment_type": "PPPK"})
    assert stated.status_code == 204
    await town.work()
    assert [status for _, _, status in await units(town, officer)][:2] == ["absent", "absent"]
    for since in ("2026-08-03", "2026-08-04"):
        assert (await town.http.delete(f"{address}/{since}")).status_code == 204
    assert (await town.http.delete(f"{address}/2022-04-01")).status_code == 409
    await town.work()
    assert [status for _, _, status in await units(town, officer)] == ["off", "off", "off"]


async def test_a_file_without_dates_changes_unit_and_type_from_today_on(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.import_lines(person(**ELSEWHERE, employment_type="PNS"))
    await town.work()
    assert [unit for unit, _, _ in await units(town, officer)] == ["u1", "u1", "u2"]
    assert (await town.officer())["unit_from"] == "2026-08-05"
    again = await town.import_lines(person(**ELSEWHERE))
    assert again["unchanged"] == 1
    dated = await town.import_lines(person(**ELSEWHERE, unit_from="2026-08-04"))
    assert dated["changed"] == 1
    assert (await town.officer())["unit_from"] == "2026-08-04"


async def test_a_future_transfer_applies_from_its_date_on(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.import_lines(person(**ELSEWHERE, unit_from="2026-08-07"))
    before = await town.officer()
    assert (before["org_unit_id"], before["revision"]) == ("u1", 1)
    assert (await town.import_lines(person()))["unchanged"] == 1  # the next day's file still has the present unit
    assert town.clock is not None
    town.clock.set(local("2026-08-07 06:00"))
    for _ in range(2):
        await town.service.app.part(Transfers).round()
    await town.close()
    after = await town.officer()
    assert (after["org_unit_id"], after["unit_from"], after["revision"]) == ("u2", "2026-08-07", 2)
    rows = await town.rows("select value from outbox where topic = 'asn.employee.v1' order by id")
    published = [orjson.loads(row.value) for row in rows]
    assert [r["org_unit_id"] for r in published if r["employee_id"] == officer] == ["u1", "u2"]
    units_now = [(await town.day(officer, f"2026-08-0{n}"))["day"]["org_unit_id"] for n in (5, 6, 7)]
    assert units_now == ["u1", "u1", "u2"]


async def test_a_change_during_the_update_of_due_transfers_is_not_undone(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.run(f"insert into employee_unit values ('{officer}', '2026-08-05', 'u2')")
    async with town.service.context.database.transaction() as session:
        await session.execute(text(f"update employee set name = 'Lain' where employee_id = '{officer}'"))
        await session.execute(text("delete from employee_unit where effective_from = '2026-08-05'"))
        settling = asyncio.create_task(town.service.app.part(Transfers).round())
        await until_waiting(session)
    await settling
    found = await town.officer()
    assert (found["org_unit_id"], found["revision"]) == ("u1", 1)


async def test_a_backdated_end_of_employment_removes_no_day(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.import_lines(person(active_to="2026-08-03"))
    await town.work()
    days = [(await town.day(officer, f"2026-08-0{n}"))["day"] for n in (3, 4, 5)]
    assert [day["reasons"] == ["NOT_EMPLOYED"] for day in days] == [False, True, True]
    await town.import_lines(person(active_to="2026-08-04"))
    await town.close()
    assert [status for _, _, status in await units(town, officer)] == ["absent", "absent", "off"]
    await town.import_lines(person())
    await town.close()
    assert [status for _, _, status in await units(town, officer)] == ["absent", "absent", "unknown"]


async def test_a_new_superior_is_published_and_computes_no_day_again(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    before = await town.rows("select * from attendance_day order by 1, 2")
    await town.import_lines(person(superior_nip="199009132025212001"))
    assert await town.rows("select 1 from day_queue") == []
    assert await town.rows("select * from attendance_day order by 1, 2") == before
    rows = await town.rows("select value from outbox where topic = 'asn.employee.v1' order by id desc limit 1")
    [record] = [orjson.loads(row.value) for row in rows]
    assert (record["employee_id"], record["revision"]) == (officer, 2)
    assert record["superior_id"] == (await town.officer("199009132025212001"))["employee_id"]


async def test_days_after_a_transfer_do_not_wait_for_the_former_units_machine(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await put_unit(town, officer, "2026-08-04", "u2")
    await town.run("delete from day_queue")
    await town.advance("2026-08-05 20:00", serial="M1")
    queued = await town.rows("select distinct work_date from day_queue where employee_id = :who", who=officer)
    assert queued == []


async def test_unknown_units_officers_and_dates_are_refused(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    base = "/attendance/v1/employees/{}/units/{}"
    nobody = "0190a5a0-0000-7000-8000-00000000ffff"
    unknown = await town.http.put(base.format(officer, "2026-08-04"), json={"org_unit_id": "nowhere"})
    assert unknown.status_code == 404
    assert (await town.http.put(base.format(nobody, "2026-08-04"), json={"org_unit_id": "u2"})).status_code == 404
    assert (await town.http.delete(base.format(officer, "2026-08-04"))).status_code == 404
    only = await town.http.delete(base.format(officer, "2022-04-01"))
    assert only.status_code == 409
    assert "Add another value first" in only.json()["detail"]
    faults = await town.http.post(
        "/attendance/v1/roster",
        content="nip,name,employment_type,org_unit_id,org_unit_name,active_from,unit_from,employment_type_from\n"
        "199608182022041001,Nama,PNS,u1,Dinas Satu,2022-04-01,1.8.2026,kemarin",
    )
    assert [fault["field"] for fault in faults.json()["errors"]] == ["unit_from", "employment_type_from"]
