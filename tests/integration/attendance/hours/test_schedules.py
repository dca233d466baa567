"""Which hours apply on a date, and which days a change of hours rewrites."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.attendance.city import City

pytestmark = pytest.mark.embedded

SCHEDULE = "/attendance/v1/schedules/0190a5a0-0000-7000-8000-0000000000{:02}"


def week(start: str, end: str, **changes: Any) -> dict[str, Any]:
    days = {key: {"start": start, "end": end} for key in ("monday", "tuesday", "wednesday")}
    return {"name": "Jam kerja", "kind": "five_day", "days": days, "effective_from": "2026-08-01"} | changes


async def put_week(town: City, number: int, schedule: dict[str, Any]) -> None:
    answer = await town.http.put(SCHEDULE.format(number), json=schedule)
    assert answer.status_code == 204, answer.text
    await town.work()


async def scheduled(town: City, work_date: str = "2026-08-04") -> int:
    officer = (await town.officer())["employee_id"]
    return int((await town.day(officer, work_date))["day"]["scheduled_minutes"])


async def test_the_officers_hours_override_the_units_and_these_the_citys(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.close()
    assert await scheduled(town) == 450
    await put_week(town, 1, week("08:00", "12:00", org_unit_id="u1"))
    assert await scheduled(town) == 240
    await put_week(town, 2, week("08:00", "11:00", employee_id=officer, effective_to="2026-08-04"))
    assert (await scheduled(town), await scheduled(town, "2026-08-05")) == (180, 240)
    await put_week(town, 2, week("08:00", "11:00", employee_id=officer, effective_to="2026-08-03"))
    assert await scheduled(town) == 240
    await put_week(town, 1, week("08:00", "12:00", org_unit_id="u1", effective_from="2026-08-05"))
    assert await scheduled(town) == 450


async def test_an_override_changes_the_hours_of_weeks_and_not_of_rosters(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    shift = {"starts_at": "2026-08-05T08:00:00", "ends_at": "2026-08-05T10:00:00"}
    answer = await town.http.put(f"/attendance/v1/employees/{officer}/roster/2026-08-05", json=shift)
    assert answer.status_code == 204
    await town.close()
    override = {
        "name": "Ramadan",
        "code": "RAMADAN",
        "kind": "five_day",
        "decree": "SE 1/2026",
        "first_date": "2026-08-04",
        "last_date": "2026-08-05",
        "days": {key: {"start": "08:00", "end": "15:00", "break_minutes": 30} for key in ("tuesday", "wednesday")},
    }
    address = "/attendance/v1/overrides/0190a5a0-0000-7000-8000-000000000099"
    assert (await town.http.put(address, json=override)).status_code == 204
    await town.work()
    assert [await scheduled(town, f"2026-08-0{n}") for n in (3, 4, 5)] == [450, 390, 120]
    assert "RAMADAN" in (await town.day(officer, "2026-08-04"))["day"]["reasons"]


async def test_a_week_of_night_shifts_uses_punches_of_the_next_morning_and_the_evening_before(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await put_week(town, 3, week("22:00", "06:00", employee_id=officer))
    await town.punch(officer, "2026-08-03 21:58:00")
    await town.work()
    await town.punch(officer, "2026-08-04 06:05:00")
    await town.work()
    day = (await town.day(officer, "2026-08-03"))["day"]
    assert (day["first_in"][:16], day["last_out"][:16]) == ("2026-08-03T21:58", "2026-08-04T06:05")
    await put_week(town, 3, week("01:00", "09:00", employee_id=officer))
    await town.punch(officer, "2026-08-04 23:10:00")
    await town.work()
    assert (await town.day(officer, "2026-08-05"))["day"]["first_in"] == "2026-08-04T23:10:00+07:00"


async def test_a_day_off_on_the_roster_overrides_the_week(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.close()
    address = f"/attendance/v1/employees/{officer}/roster/2026-08-04"
    assert (await town.http.put(address, json={})).status_code == 204
    await town.work()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["status"], day["excuse"], day["state"]) == ("off", "LEPAS_PIKET", "final")
