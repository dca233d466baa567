"""Each event enqueues the days that it affects by itself.

In a running city one mechanism hides another: a watermark moves every minute and enqueues the unit's days, so a punch
that enqueues nothing is not noticed. Here the machine is silent and the scheduler runs only where a test says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.attendance.days.scheduler import DayScheduler
from tests.integration.attendance.city import City, city, local, person

pytestmark = pytest.mark.embedded

BASE = "/attendance/v1"
ID = "0190a5a0-0000-7000-8000-000000000001"
SETUP = {"name": "Pintu", "timezone": "Asia/Jakarta", "direction_from": "shift", "org_unit_id": "u1"}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    """Wednesday 20:00: Monday to Wednesday are computed, nothing is queued, M1 has uploaded nothing."""
    async with city(embedded_postgres) as found:
        await found.import_lines(person())
        await found.machine()
        await put(found, "/machines/M1/enrolments/7", await officer(found, valid_from="2022-04-01"))
        await found.close()
        yield found


async def officer(town: City, **more: Any) -> dict[str, Any]:
    return {"employee_id": (await town.officer())["employee_id"]} | more


async def put(town: City, path: str, body: dict[str, Any]) -> None:
    answer = await town.http.put(BASE + path, json=body)
    assert answer.is_success, answer.text
    await town.work()


async def shift(town: City, starts: str, ends: str) -> None:
    """A roster entry of the officer."""
    who = (await officer(town))["employee_id"]
    body = {"starts_at": starts.replace(" ", "T") + ":00", "ends_at": ends.replace(" ", "T") + ":00"}
    await put(town, f"/employees/{who}/roster/{starts[:10]}", body)


async def week(town: City, start: str, end: str) -> None:
    body = {"name": "Piket", "kind": "five_day", "days": {key: {"start": start, "end": end} for key in DAYS}}
    await put(town, f"/schedules/{ID}", await officer(town, effective_from="2026-08-01", **body))


async def override(town: City, start: str, end: str) -> None:
    body = {"name": "Ramadan", "kind": "five_day", "days": {key: {"start": start, "end": end} for key in DAYS}}
    dates = {"code": "RAMADAN", "decree": "SE 1", "first_date": "2026-08-01", "last_date": "2026-08-31"}
    await put(town, f"/overrides/{ID}", body | dates)


async def punch(town: City, *moments: str) -> None:
    """Punches as JSON without `complete_until`, so that no watermark moves."""
    rows = [{"pin": "7", "local_time": moment.replace(" ", "T") + ":00"} for moment in moments]
    answer = await town.http.post(f"{BASE}/punches", json={"serial": "M1", "rows": rows})
    assert [row["result"] for row in answer.json()["results"]] == ["accepted"] * len(rows), answer.text
    await town.work()


async def day(town: City, number: int) -> dict[str, Any]:
    """The officer's day of August."""
    found: dict[str, Any] = (await town.day((await officer(town))["employee_id"], f"2026-08-{number:02}"))["day"]
    return found


async def judged(town: City, number: int) -> tuple[str, str]:
    found = await day(town, number)
    return found["state"], found["status"]


async def hours_and_result(town: City, number: int) -> tuple[int, str, str]:
    return (await day(town, number))["scheduled_minutes"], *await judged(town, number)


async def queued(town: City) -> list[int]:
    return [
        row.day for row in await town.rows("select distinct extract(day from work_date)::int as day from day_queue")
    ]


@pytest.mark.parametrize(
    ("hours", "starts", "ends", "arrival", "departure", "number"),
    [
        pytest.param(
            shift, "2026-08-04 22:00", "2026-08-05 06:00", "2026-08-04 21:55", "2026-08-05 06:03", 4, id="night"
        ),
        pytest.param(
            shift, "2026-08-03 22:00", "2026-08-04 22:00", "2026-08-03 21:55", "2026-08-05 01:30", 3, id="24 h"
        ),
        pytest.param(
            shift, "2026-08-05 01:00", "2026-08-05 09:00", "2026-08-04 23:10", "2026-08-05 12:30", 5, id="eve"
        ),
        pytest.param(week, "22:00", "06:00", "2026-08-03 19:05", "2026-08-04 09:55", 3, id="week of nights"),
        pytest.param(week, "01:00", "09:00", "2026-08-03 22:05", "2026-08-04 12:55", 4, id="week after midnight"),
        pytest.param(override, "20:00", "04:00", "2026-08-03 17:05", "2026-08-04 07:55", 3, id="nights of Ramadan"),
        pytest.param(week, "07:30", "16:00", "2026-08-04 06:50", "2026-08-04 19:55", 4, id="before seven"),
    ],
)
async def test_a_punch_alone_enqueues_the_date_of_its_shift(
    town: City, hours: Any, starts: str, ends: str, arrival: str, departure: str, number: int
) -> None:
    await hours(town, starts, ends)
    await punch(town, arrival)
    assert (await day(town, number))["first_in"] == f"{arrival.replace(' ', 'T')}:00+07:00"
    await punch(town, departure)
    assert (await day(town, number))["last_out"] == f"{departure.replace(' ', 'T')}:00+07:00"


async def test_a_punch_before_seven_computes_the_new_date(town: City) -> None:
    """In UTC it is still the date before, until seven o'clock."""
    town.clock.set(local("2026-08-06 05:59"))  # type: ignore[union-attr]
    await punch(town, "2026-08-06 05:58")
    assert (await day(town, 6))["first_in"] == "2026-08-06T05:58:00+07:00"


async def test_the_scheduler_computes_the_new_date_soon_after_midnight(town: City) -> None:
    town.clock.set(local("2026-08-06 00:01"))  # type: ignore[union-attr]
    await town.close()
    assert await judged(town, 6) == ("provisional", "unknown")


async def test_the_scheduler_computes_dates_before_a_start_that_was_corrected(town: City) -> None:
    other = "199009132025212001"
    await town.import_lines(person(other, employment_type="PPPK", active_from="2026-08-05"))
    await town.close()
    await town.import_lines(person(other, employment_type="PPPK", active_from="2026-08-03"))
    await town.close()
    whose = (await town.officer(other))["employee_id"]
    rows = await town.rows("select work_date from attendance_day where employee_id = :who order by 1", who=whose)
    assert [row.work_date.day for row in rows] == [3, 4, 5]


@pytest.mark.parametrize(
    ("starts", "ends", "before", "after", "number"),
    [
        pytest.param("2026-08-04 22:00", "2026-08-05 06:00", "2026-08-05 09:59", "2026-08-05 10:00", 4, id="night"),
        pytest.param("2026-08-03 22:00", "2026-08-04 22:00", "2026-08-05 01:59", "2026-08-05 02:00", 3, id="24 h"),
        pytest.param(
            "2026-08-05 00:30", "2026-08-05 02:00", "2026-08-05 05:59", "2026-08-05 06:00", 5, id="small hours"
        ),
    ],
)
async def test_a_watermark_alone_closes_the_shift_whose_end_it_passes(
    town: City, starts: str, ends: str, before: str, after: str, number: int
) -> None:
    await shift(town, starts, ends)
    await town.advance(before)
    await town.work()
    assert await judged(town, number) == ("provisional", "unknown")
    await town.advance(after)
    await town.work()
    assert await judged(town, number) == ("final", "absent")


@pytest.mark.parametrize(
    ("code", "kind", "status"), [("CUTI_SAKIT", "leave", "excused"), ("DINAS_LUAR", "duty", "official_duty")]
)
async def test_an_excused_day_closes_by_time_alone(town: City, code: str, kind: str, status: str) -> None:
    town.clock.set(local("2026-08-06 19:59"))  # type: ignore[union-attr]
    await town.close()
    dates = {"first_date": "2026-08-06", "last_date": "2026-08-06", "state": "approved"}
    await put(town, f"/excuses/{ID}", await officer(town, code=code, kind=kind, **dates))
    await town.close()
    assert await judged(town, 6) == ("provisional", status)
    town.clock.set(local("2026-08-06 20:00"))  # type: ignore[union-attr]
    await town.close()
    assert await judged(town, 6) == ("final", status)


async def test_the_scheduler_closes_days_when_a_clock_is_set_right_and_no_watermark_moves(town: City) -> None:
    await town.advance("2026-08-04 20:00")
    await town.run("update machine set clock_wrong_since = :at", at=local("2026-08-04 20:00"))
    await town.work()
    assert await judged(town, 4) == ("provisional", "unknown")
    await town.close()
    assert await judged(town, 4) == ("provisional", "unknown")
    clock_set = b"OPLOG 21\t1\t2026-08-05 19:58:00\t0\t0\t0\t0\n"
    answer = await town.http.post("/iclock/cdata", params={"SN": "M1", "table": "OPERLOG"}, content=clock_set)
    assert answer.text == "OK: 1"
    await town.close()
    assert await judged(town, 4) == ("final", "absent")


async def test_a_fact_that_changes_while_another_worker_computes_the_day_enqueues_it_again(town: City) -> None:
    """The day has neither a row yet nor a queue entry that this transaction can see."""
    town.clock.set(local("2026-08-06 08:00"))  # type: ignore[union-attr]
    await town.service.app.part(DayScheduler).round()
    async with town.service.context.database.transaction() as worker:
        await worker.execute(text("delete from day_queue"))
        dates = {"first_date": "2026-08-06", "last_date": "2026-08-06", "state": "approved"}
        leave = await officer(town, code="CUTI_SAKIT", kind="leave", **dates)
        assert (await town.http.put(f"{BASE}/excuses/{ID}", json=leave)).is_success
    assert 6 in await queued(town)


async def test_a_machine_that_left_in_the_night_changes_the_shift_of_the_evening_before(town: City) -> None:
    await shift(town, "2026-08-04 22:00", "2026-08-05 06:00")
    await town.advance("2026-08-05 19:00")
    await town.work()
    assert await judged(town, 4) == ("final", "absent")
    await town.import_lines(person("199009132025212001", employment_type="PPPK", org_unit_id="u2", org_unit_name="Dua"))
    await put(town, "/machines/M1", SETUP | {"org_unit_id": "u2", "in_unit_from": "2026-08-05T01:00:00+07:00"})
    assert await judged(town, 4) == ("final", "unknown")


WEEK = {"name": "Pagi", "kind": "five_day", "days": {key: {"start": "08:00", "end": "11:00"} for key in DAYS}}
LEAVE = {"code": "CUTI_SAKIT", "kind": "leave", "state": "approved"}


@pytest.mark.parametrize(
    ("path", "body", "border"),
    [
        pytest.param("/excuses", LEAVE, ("first_date", "last_date"), id="leave"),
        pytest.param("/schedules", WEEK, ("effective_from", "effective_to"), id="week"),
        pytest.param("/by-roster", {"by_roster": True}, ("effective_from", "effective_to"), id="by roster"),
        pytest.param("/overrides", WEEK | {"code": "R", "decree": "SE"}, ("first_date", "last_date"), id="override"),
    ],
)
async def test_what_is_shortened_or_deleted_frees_every_former_date(
    town: City, path: str, body: dict[str, Any], border: tuple[str, str]
) -> None:
    """Not only the next date, which is computed again as a neighbour."""
    whole = body if path == "/overrides" else await officer(town, **body)
    until = {
        last: whole | dict(zip(border, ("2026-08-03", last), strict=True)) for last in ("2026-08-03", "2026-08-05")
    }
    before = await hours_and_result(town, 5)
    await put(town, f"{path}/{ID}", until["2026-08-05"])
    assert await hours_and_result(town, 5) != before
    await put(town, f"{path}/{ID}", until["2026-08-03"])
    assert await hours_and_result(town, 5) == before
    if path != "/excuses":  # a decision is never deleted
        await put(town, f"{path}/{ID}", until["2026-08-05"])
        assert (await town.http.delete(f"{BASE}{path}/{ID}")).is_success
        await town.work()
        assert await hours_and_result(town, 5) == before


@pytest.mark.parametrize(
    ("starts", "ends", "outage", "number"),
    [
        pytest.param("2026-08-04 22:00", "2026-08-05 06:00", ("05T01:00", "05T04:00"), 4, id="of the evening before"),
        pytest.param("2026-08-05 01:00", "2026-08-05 09:00", ("04T22:00", "04T23:00"), 5, id="of the next date"),
    ],
)
async def test_an_outage_concerns_the_shifts_of_the_neighbour_dates_and_frees_them_when_it_is_moved(
    town: City, starts: str, ends: str, outage: tuple[str, str], number: int
) -> None:
    await shift(town, starts, ends)
    await town.advance("2026-08-05 19:00")
    await town.work()
    assert await judged(town, number) == ("final", "absent")
    span = {"starts_at": f"2026-08-{outage[0]}:00+07:00", "ends_at": f"2026-08-{outage[1]}:00+07:00"}
    await put(town, f"/outages/{ID}", span | {"org_unit_id": "u1", "reason": "Padam"})
    assert await judged(town, number) == ("final", "unknown")
    later = {"starts_at": "2026-08-20T01:00:00+07:00", "ends_at": "2026-08-20T02:00:00+07:00"}
    await put(town, f"/outages/{ID}", later | {"org_unit_id": "u1", "reason": "Padam"})
    assert await judged(town, number) == ("final", "absent")


async def test_a_zone_that_moves_a_punch_to_another_date_computes_both_dates(town: City) -> None:
    await put(town, "/machines/M1", SETUP | {"timezone": "UTC"})
    await punch(town, "2026-08-03 23:00")  # 06:00 of the 4th in the city
    assert (await day(town, 4))["first_in"] == "2026-08-04T06:00:00+07:00"
    await put(town, "/machines/M1", SETUP)
    assert (await day(town, 4))["first_in"] is None
    await put(town, "/machines/M1", SETUP | {"timezone": "UTC"})
    assert (await day(town, 4))["first_in"] == "2026-08-04T06:00:00+07:00"
