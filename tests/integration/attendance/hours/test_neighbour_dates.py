"""A changed date also computes the night before it again: both shifts compete for a morning's punch."""

from __future__ import annotations

import pytest

from tests.integration.attendance.city import City

pytestmark = pytest.mark.embedded

NIGHT, MORNING_AFTER = "2026-08-03", "2026-08-04"


@pytest.fixture
async def town(town: City) -> City:
    """After a night shift, 07:10 is nearer to the office's start than to the night's end, and taken as an arrival."""
    await town.close()
    await town.advance("2026-08-05 19:59")
    officer = (await town.officer())["employee_id"]
    shift = {"starts_at": f"{NIGHT}T22:00:00", "ends_at": f"{MORNING_AFTER}T06:00:00", "break_minutes": 60}
    answer = await town.http.put(f"/attendance/v1/employees/{officer}/roster/{NIGHT}", json=shift)
    assert answer.status_code == 204, answer.text
    await town.punch(officer, f"{NIGHT} 21:55:00", f"{MORNING_AFTER} 07:10:00")
    await town.work()
    assert await missing(town) == (["out"], ["out"])
    return town


async def missing(town: City) -> tuple[list[str], list[str]]:
    """The missing punches of the night and of the date after it."""
    officer = (await town.officer())["employee_id"]
    night, after = [(await town.day(officer, day))["day"]["missing_punches"] for day in (NIGHT, MORNING_AFTER)]
    return night, after


async def test_a_holiday_and_its_removal_change_the_night_before_it(town: City) -> None:
    address = f"/attendance/v1/calendar/{MORNING_AFTER}"
    decreed = {"name": "Libur daerah", "kind": "holiday", "confirmed": True, "decree": "SK 1/2026"}
    assert (await town.http.put(address, json=decreed)).status_code == 204
    await town.work()
    assert await missing(town) == ([], [])
    assert (await town.http.delete(address)).status_code == 204
    await town.work()
    assert await missing(town) == (["out"], ["out"])
