"""Holidays and collective leave: as decreed for 2026, and as changed later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.hours.defaults import Defaults
from services.attendance.hours.holidays import published_days
from tests.integration.attendance.city import City, city, local, person

pytestmark = pytest.mark.embedded

HOLIDAYS = "01-01 01-16 02-17 03-19 03-21 03-22 04-03 04-05 05-01 05-14 05-27 05-31 06-01 06-16 08-17 08-25 12-25"
COLLECTIVE = "02-16 03-18 03-20 03-23 03-24 05-15 05-28 12-24"
WORKING_DAYS = [20, 18, 17, 21, 16, 20, 23, 19, 22, 22, 21, 21]


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    async with city(embedded_postgres) as found:
        yield found


async def test_the_calendar_of_2026_follows_the_ministers_decree(town: City) -> None:
    days = (await town.http.get("/attendance/v1/calendar", params={"year": 2026})).json()
    by_kind = {kind: [d["day"][5:] for d in days if d["kind"] == kind] for kind in ("holiday", "collective_leave")}
    assert by_kind == {"holiday": HOLIDAYS.split(), "collective_leave": COLLECTIVE.split()}
    assert all(day["confirmed"] for day in days)


def test_the_months_of_2026_have_the_decreed_numbers_of_working_days() -> None:
    off = {day.day for day in published_days(2026)}
    dates = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    work = [d for d in dates if d.weekday() < 5 and d not in off]
    assert [sum(1 for d in work if d.month == month) for month in range(1, 13)] == WORKING_DAYS


async def test_an_estimated_holiday_is_unconfirmed_and_has_its_plain_name(town: City) -> None:
    days = (await town.http.get("/attendance/v1/calendar", params={"year": 2027})).json()
    eid = next(day for day in days if day["day"] == "2027-03-10")
    assert (eid["name"], eid["confirmed"]) == ("Hari Raya Idul Fitri", False)


async def test_a_decree_and_its_removal_compute_the_day_again(town: City) -> None:
    await town.import_lines(person())
    await town.machine()
    officer = (await town.officer())["employee_id"]
    await town.close()
    await town.advance("2026-08-05 19:00")
    await town.work()
    assert (await town.day(officer, "2026-08-04"))["day"]["status"] == "absent"
    address = "/attendance/v1/calendar/2026-08-04"
    awaited = {"name": "Libur daerah", "kind": "holiday", "confirmed": False}
    assert (await town.http.put(address, json=awaited)).status_code == 204
    await town.work()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["status"], day["state"]) == ("unknown", "provisional")
    assert (await town.http.put(address, json=awaited | {"confirmed": True, "decree": "SK 1/2026"})).status_code == 204
    await town.work()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["status"], day["state"], day["excuse"]) == ("off", "final", "LIBUR_NASIONAL")
    assert (await town.http.delete(address)).status_code == 204
    await town.work()
    assert (await town.day(officer, "2026-08-04"))["day"]["status"] == "absent"
    assert (await town.http.delete(address)).status_code == 404


async def test_a_removed_holiday_is_not_loaded_again(town: City) -> None:
    assert (await town.http.delete("/attendance/v1/calendar/2026-12-24")).status_code == 204
    await town.service.app.part(Defaults).load()
    days = (await town.http.get("/attendance/v1/calendar", params={"year": 2026})).json()
    assert "2026-12-24" not in [day["day"] for day in days]
    assert len(days) == 24


async def test_a_holiday_that_is_loaded_later_computes_its_days_again(town: City) -> None:
    """As after an upgrade of the package that knows the holidays."""
    assert town.clock is not None
    town.clock.set(local("2026-08-18 12:00"))
    await town.run("delete from calendar_day where day = '2026-08-17'")
    await town.import_lines(person())
    await town.close()
    officer = (await town.officer())["employee_id"]
    assert (await town.day(officer, "2026-08-17"))["day"]["status"] == "unknown"
    await town.service.app.part(Defaults).load()
    await town.work()
    assert (await town.day(officer, "2026-08-17"))["day"]["excuse"] == "LIBUR_NASIONAL"
