"""Officers who work by roster only: a date without an entry is off, despite any week, holiday or override."""

from __future__ import annotations

import orjson
import pytest

from tests.integration.attendance.city import BY_ROSTER_SETTING, City, local, person

pytestmark = pytest.mark.embedded

SETTINGS = "/attendance/v1/by-roster"
NO_ENTRY = ("off", "final", ["ROSTER_NO_ENTRY"])


@pytest.fixture
async def town(town: City) -> City:
    """An officer of a unit whose machine uploaded everything: a working day without a punch is an absence."""
    await town.close()
    await town.advance("2026-08-05 19:59")
    await town.work()
    return town


async def shift(town: City, officer: str, work_date: str, starts_at: str, ends_at: str) -> None:
    body = {"starts_at": starts_at, "ends_at": ends_at, "break_minutes": 60}
    answer = await town.http.put(f"/attendance/v1/employees/{officer}/roster/{work_date}", json=body)
    assert answer.status_code == 204, answer.text
    await town.work()


async def day(town: City, officer: str, work_date: str) -> tuple[str, str, list[str]]:
    found = (await town.day(officer, work_date))["day"]
    return found["status"], found["state"], found["reasons"]


async def status(town: City, officer: str, work_date: str) -> str:
    return (await day(town, officer, work_date))[0]


async def test_a_date_without_an_entry_is_off_and_was_an_absence_before(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    assert await status(town, officer, "2026-08-04") == "absent"
    await town.put_by_roster(1, org_unit_id="u1")
    assert await day(town, officer, "2026-08-04") == NO_ENTRY
    await shift(town, officer, "2026-08-04", "2026-08-04T07:00:00", "2026-08-04T14:00:00")
    assert await status(town, officer, "2026-08-04") == "absent"  # a roster entry is a normal working day
    assert (await town.http.delete(BY_ROSTER_SETTING.format(1))).status_code == 204
    await town.work()
    assert [await status(town, officer, f"2026-08-0{n}") for n in (3, 4)] == ["absent", "absent"]


async def test_weeks_holidays_and_overrides_do_not_apply_to_an_officer_by_roster(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.put_by_roster(1, org_unit_id="u1")
    week = {
        "name": "Jam kerja",
        "kind": "five_day",
        "days": {"tuesday": {"start": "08:00", "end": "12:00"}},
        "effective_from": "2026-08-01",
    }
    for number, whose in enumerate(({}, {"org_unit_id": "u1"}, {"employee_id": officer})):
        address = f"/attendance/v1/schedules/0190a5a0-0000-7000-8000-00000000010{number}"
        assert (await town.http.put(address, json=week | whose)).status_code == 204
    holiday = {"name": "Libur", "kind": "holiday", "confirmed": False}
    assert (await town.http.put("/attendance/v1/calendar/2026-08-04", json=holiday)).is_success
    override = week | {"code": "RAMADAN", "decree": "SE", "first_date": "2026-08-04", "last_date": "2026-08-04"}
    del override["effective_from"]
    address = "/attendance/v1/overrides/0190a5a0-0000-7000-8000-000000000200"
    assert (await town.http.put(address, json=override)).status_code == 204
    await town.work()
    assert await day(town, officer, "2026-08-04") == NO_ENTRY


async def test_an_officer_by_roster_has_no_office_shift_that_takes_the_departure_of_a_night_shift(town: City) -> None:
    """07:10 is nearer to the office's start than to the night's end, but nobody works in the office on that date."""
    officer = (await town.officer())["employee_id"]
    await shift(town, officer, "2026-08-03", "2026-08-03T22:00:00", "2026-08-04T06:00:00")
    await town.punch(officer, "2026-08-03 21:55:00", "2026-08-04 07:10:00")
    await town.work()
    assert (await town.day(officer, "2026-08-03"))["day"]["missing_punches"] == ["out"]
    await town.put_by_roster(1, org_unit_id="u1")
    found = (await town.day(officer, "2026-08-03"))["day"]
    assert (found["last_out"], found["credited_minutes"]) == ("2026-08-04T07:10:00+07:00", 420)
    assert await day(town, officer, "2026-08-04") == NO_ENTRY


async def test_the_night_before_a_transfer_is_computed_again_when_the_new_units_hours_change(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.import_lines(person(org_unit_id="u2", org_unit_name="IGD", unit_from="2026-08-04"))
    await shift(town, officer, "2026-08-03", "2026-08-03T22:00:00", "2026-08-04T06:00:00")
    await town.punch(officer, "2026-08-03 21:55:00", "2026-08-04 07:10:00")
    await town.work()
    assert (await town.day(officer, "2026-08-03"))["day"]["missing_punches"] == ["out"]
    await town.put_by_roster(1, org_unit_id="u2")
    assert (await town.day(officer, "2026-08-03"))["day"]["missing_punches"] == []


async def test_an_officers_own_setting_overrides_the_units_between_its_dates(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.put_by_roster(1, org_unit_id="u1")
    await town.put_by_roster(
        2, employee_id=officer, by_roster=False, effective_from="2026-08-04", effective_to="2026-08-04"
    )
    assert [await status(town, officer, f"2026-08-0{n}") for n in (3, 4)] == ["off", "absent"]
    await town.put_by_roster(
        2, employee_id=officer, by_roster=False, effective_from="2026-08-03", effective_to="2026-08-03"
    )
    assert [await status(town, officer, f"2026-08-0{n}") for n in (3, 4)] == ["absent", "off"]
    listed = (await town.http.get(SETTINGS, params={"employee_id": officer})).json()
    assert [(row["by_roster"], row["effective_from"], row["effective_to"]) for row in listed] == [
        (False, "2026-08-03", "2026-08-03")
    ]
    assert len((await town.http.get(SETTINGS)).json()) == 2
    await town.put_by_roster(1, org_unit_id="u1", effective_to="2026-08-03")
    assert [await status(town, officer, f"2026-08-0{n}") for n in (3, 4)] == ["absent", "absent"]
    await town.put_by_roster(3, employee_id=officer)
    assert [await status(town, officer, f"2026-08-0{n}") for n in (3, 4)] == ["absent", "off"]


async def test_a_transferred_officer_works_by_roster_as_the_unit_of_each_date(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.import_lines(person(org_unit_id="u2", org_unit_name="IGD", unit_from="2026-08-04"))
    await town.put_by_roster(1, org_unit_id="u2")
    assert [await status(town, officer, f"2026-08-0{n}") for n in (3, 4)] == ["absent", "off"]
    await town.machine("M2", "u2", mark="2026-08-04 21:00")
    await town.put_by_roster(1, org_unit_id="u1")
    assert [await status(town, officer, f"2026-08-0{n}") for n in (3, 4)] == ["off", "absent"]


async def test_a_setting_that_moves_to_another_unit_ends_for_the_first_unit(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.import_lines(person("199009132025212001", employment_type="PPPK", org_unit_id="u2", org_unit_name="IGD"))
    await town.put_by_roster(1, org_unit_id="u1")
    assert await status(town, officer, "2026-08-04") == "off"
    await town.put_by_roster(1, org_unit_id="u2")
    assert await status(town, officer, "2026-08-04") == "absent"


async def test_a_date_without_an_entry_is_unknown_when_the_roster_must_be_complete(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.put_by_roster(1, org_unit_id="u1")
    rules = (await town.http.get("/attendance/v1/rules")).json()[0]["content"]
    strict = rules | {"version": 2, "effective_from": "2026-08-04", "roster_must_be_complete": True}
    assert (await town.http.post("/attendance/v1/rules", content=orjson.dumps(strict))).status_code == 201
    await town.work()
    assert await day(town, officer, "2026-08-03") == NO_ENTRY
    assert await day(town, officer, "2026-08-04") == ("unknown", "provisional", ["ROSTER_NO_ENTRY"])
    leave = {
        "employee_id": officer, "code": "CUTI_SAKIT", "kind": "leave", "state": "approved",
        "first_date": "2026-08-04", "last_date": "2026-08-04",
    }  # fmt: skip
    address = "/attendance/v1/excuses/0190a5a0-0000-7000-8000-000000000001"
    assert (await town.http.put(address, json=leave)).status_code == 204
    await town.work()
    assert await day(town, officer, "2026-08-04") == ("excused", "final", ["ROSTER_NO_ENTRY", "LEAVE"])
    revoked = leave | {"state": "revoked", "reason": "Batal"}
    assert (await town.http.put(address, json=revoked)).status_code == 204
    assert (await town.http.put(f"/attendance/v1/employees/{officer}/roster/2026-08-04", json={})).status_code == 204
    await town.work()
    assert await day(town, officer, "2026-08-04") == ("off", "final", ["ROSTER_OFF"])


async def test_a_setting_needs_one_existing_officer_or_unit_and_its_own_start_date(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    for wrong in (
        {},
        {"employee_id": officer, "org_unit_id": "u1"},
        {"org_unit_id": "u1", "effective_to": "2026-07-31"},
    ):
        body = {"by_roster": True, "effective_from": "2026-08-01"} | wrong
        assert (await town.http.put(BY_ROSTER_SETTING.format(1), json=body)).status_code == 422
    body = {"by_roster": True, "effective_from": "2026-08-01", "org_unit_id": "nowhere"}
    assert (await town.http.put(BY_ROSTER_SETTING.format(1), json=body)).status_code == 404
    await town.put_by_roster(1, org_unit_id="u1")
    answer = await town.http.put(BY_ROSTER_SETTING.format(2), json=body | {"org_unit_id": "u1", "by_roster": False})
    assert answer.status_code == 409
    assert BY_ROSTER_SETTING.format(1).rpartition("/")[2] in answer.json()["detail"]
    assert (await town.http.delete(BY_ROSTER_SETTING.format(2))).status_code == 404


async def test_a_machine_of_a_unit_by_roster_is_silent_only_during_its_shifts(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    heard = "update machine set registered_at = :at, last_contact_at = :at, push_version = '2.2.14'"
    await town.run(heard, at=local("2026-08-03 09:00"))
    assert await town.silent("2026-08-06 10:00") == 1
    await town.put_by_roster(1, org_unit_id="u1")
    assert await town.silent("2026-08-06 10:00") == 0
    await shift(town, officer, "2026-08-06", "2026-08-06T22:00:00", "2026-08-07T06:00:00")
    assert [await town.silent(f"2026-08-0{moment}") for moment in ("6 21:00", "7 02:00", "7 10:00")] == [0, 1, 0]
