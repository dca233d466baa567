"""A shift roster for many officers: accepted whole or not at all, and every error is reported."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.day_queue.enqueue import enqueue_for_punches
from tests.integration.attendance.city import FIRST_NIP, City, city, person

pytestmark = pytest.mark.embedded

SECOND_NIP = "199009132025212001"
SHIFTS = "/attendance/v1/shifts"
HEADER = "nip;work_date;start;end;break_minutes;entry\n"


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    async with city(embedded_postgres) as found:
        await found.import_lines(person(), person(SECOND_NIP, employment_type="PPPK"))
        await found.machine()
        await found.close()
        yield found


async def roster(town: City, nip: str = FIRST_NIP) -> list[tuple[Any, ...]]:
    officer = (await town.officer(nip))["employee_id"]
    items = (await town.http.get(f"/attendance/v1/employees/{officer}/roster")).json()
    return [(item["work_date"], item["starts_at"], item["ends_at"], item["break_minutes"]) for item in reversed(items)]


async def test_an_imported_file_computes_its_past_days_again(town: City) -> None:
    lines = [
        f"{FIRST_NIP};2026-08-03;22:00;06:00;60;",
        f"{FIRST_NIP};2026-08-04;;;;",
        "19900913 202521 2 001;2026-08-03;07:00;14:00;;shift",
        f"{SECOND_NIP};2026-09-03;07:00;07:00;60;",
    ]
    answer = await town.http.post(f"{SHIFTS}/file", content=HEADER + "\n".join(lines))
    assert answer.json() == {"created": 4, "changed": 0, "removed": 0, "unchanged": 0, "notes": []}
    assert await roster(town) == [
        ("2026-08-03", "2026-08-03T22:00:00", "2026-08-04T06:00:00", 60),
        ("2026-08-04", None, None, 0),
    ]
    assert (await roster(town, SECOND_NIP))[1][1:3] == ("2026-09-03T07:00:00", "2026-09-04T07:00:00")
    await town.work()
    officer = (await town.officer())["employee_id"]
    days = [(await town.day(officer, f"2026-08-0{n}"))["day"] for n in (3, 4)]
    assert [(day["scheduled_minutes"], day["status"]) for day in days] == [(420, "unknown"), (0, "off")]
    lines = [f"{FIRST_NIP};2026-08-03;;;;none", f"{FIRST_NIP};2026-08-04;08:00;12:00;;", lines[2]]
    answer = await town.http.post(f"{SHIFTS}/file", content=HEADER + "\n".join(lines))
    assert answer.json() == {"created": 0, "changed": 1, "removed": 1, "unchanged": 1, "notes": []}
    await town.work()
    days = [(await town.day(officer, f"2026-08-0{n}"))["day"] for n in (3, 4)]
    assert [day["scheduled_minutes"] for day in days] == [450, 240]


async def test_a_file_with_faults_is_refused_completely_and_every_fault_is_listed(town: City) -> None:
    lines = [
        f"{FIRST_NIP};2026-08-03;22:00;06:00;60;",
        f"{FIRST_NIP};2026-08-04;22:00;;;",
        f"{FIRST_NIP};4/8/2026;7;14:00;;",
        f"{FIRST_NIP};2026-08-05;07:00;14:00;900;cuti",
        "123;2026-08-05;07:00;14:00;;",
        f"{FIRST_NIP};2026-08-06;07:00;08:00;60;",
        f"{FIRST_NIP};2026-08-07;07:00;08:00;;off",
        f"{FIRST_NIP};2026-08-08;;;;shift",
        "too;few",
    ]
    answer = await town.http.post(f"{SHIFTS}/file", content=HEADER + "\n".join(lines))
    assert answer.status_code == 422
    assert [(fault["line"], fault["field"]) for fault in answer.json()["errors"]] == [
        (3, "end"),
        (4, "work_date"),
        (4, "start"),
        (5, "break_minutes"),
        (5, "entry"),
        (6, "nip"),
        (7, "break_minutes"),
        (8, "start"),
        (9, "start"),
        (10, "nip"),
        (10, "work_date"),
    ]
    lines = [f"{FIRST_NIP};2026-08-03;;;;", "199001012015011001;2026-08-03;;;;", f"{FIRST_NIP};2026-08-03;;;;"]
    answer = await town.http.post(f"{SHIFTS}/file", content=HEADER + "\n".join(lines))
    assert [(fault["line"], fault["field"]) for fault in answer.json()["errors"]] == [(3, "nip"), (4, "work_date")]
    assert answer.json()["errors"][0]["value"] == "199001012015011001"
    assert await town.rows("select 1 from roster_shift") == []


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"nip,work_date\n1,2", HEADER.encode() + b"\x00"])
async def test_content_that_is_no_file_of_shifts_is_refused_with_a_problem(town: City, body: bytes) -> None:
    answer = await town.http.post(f"{SHIFTS}/file", content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_a_units_month_can_be_sent_as_one_json_request(town: City) -> None:
    officers = [(await town.officer(nip))["employee_id"] for nip in (FIRST_NIP, SECOND_NIP)]
    entries = [
        {"employee_id": officer, "work_date": f"2026-08-{day:02}"}
        | ({"starts_at": f"2026-08-{day:02}T14:00:00", "ends_at": f"2026-08-{day:02}T21:00:00"} if day % 7 else {})
        for officer in officers
        for day in range(1, 32)
    ]
    answer = await town.http.post(SHIFTS, json={"entries": entries})
    assert answer.json() == {"created": 62, "changed": 0, "removed": 0, "unchanged": 0, "notes": []}
    assert (await town.http.post(SHIFTS, json={"entries": entries})).json()["unchanged"] == 62
    await town.work()
    assert [(await town.day(officers[1], f"2026-08-0{n}"))["day"]["scheduled_minutes"] for n in (3, 4, 5)] == [420] * 3
    wrong = [
        entries[1] | {"ends_at": "2026-08-03T21:00:00"},
        entries[2] | {"employee_id": "0190a5a0-0000-7000-8000-00000000ffff"},
        entries[3] | {"break_minutes": 60},
        entries[3],
    ]
    answer = await town.http.post(SHIFTS, json={"entries": wrong})
    assert answer.status_code == 422
    assert [fault["at"] for fault in answer.json()["errors"]] == [
        "body/entries/0/ends_at",
        "body/entries/1/employee_id",
        "body/entries/3/work_date",
    ]
    answer = await town.http.post(SHIFTS, json={"entries": [entries[0], {"employee_id": officers[0]}]})
    assert [fault["at"] for fault in answer.json()["errors"]] == ["body/entries/1/work_date"]
    assert (await town.http.post(SHIFTS, json={"entries": entries})).json()["unchanged"] == 62


async def test_a_deleted_entry_gives_the_date_its_hours_without_it(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    address = f"/attendance/v1/employees/{officer}/roster/2026-08-04"
    assert (await town.http.put(address, json={})).status_code == 204
    await town.work()
    assert (await town.day(officer, "2026-08-04"))["day"]["status"] == "off"
    assert (await town.http.delete(address)).status_code == 204
    await town.work()
    assert (await town.day(officer, "2026-08-04"))["day"]["scheduled_minutes"] == 450
    assert (await town.http.delete(address)).status_code == 404


async def test_deleted_weeks_and_overrides_no_longer_apply_to_past_days(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    hours = {each: {"start": "08:00", "end": "10:00"} for each in ("monday", "tuesday", "wednesday")}
    week = {"name": "Salah", "kind": "five_day", "days": hours, "effective_from": "2026-08-01"}
    override = {
        "name": "Ramadan", "code": "RAMADAN", "kind": "five_day", "decree": "SE", "days": hours,
        "first_date": "2026-08-04", "last_date": "2026-08-04",
    }  # fmt: skip
    number = "0190a5a0-0000-7000-8000-000000000001"
    for kind, body in (("schedules", week), ("overrides", override)):
        address = f"/attendance/v1/{kind}/{number}"
        assert (await town.http.put(address, json=body)).status_code == 204
        await town.work()
        assert (await town.day(officer, "2026-08-04"))["day"]["scheduled_minutes"] == 120
        assert (await town.http.delete(address)).status_code == 204
        await town.work()
        assert (await town.day(officer, "2026-08-04"))["day"]["scheduled_minutes"] == 450
        assert (await town.http.delete(address)).status_code == 404


async def test_of_two_weeks_with_the_same_start_the_one_with_the_higher_id_counts(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    for number, end in ((2, "12:00"), (1, "09:00"), (2, "13:00")):
        week = {
            "name": "Jam", "kind": "five_day", "employee_id": officer, "effective_from": "2026-08-01",
            "days": {"tuesday": {"start": "08:00", "end": end}},
        }  # fmt: skip
        address = f"/attendance/v1/schedules/0190a5a0-0000-7000-8000-00000000000{number}"
        assert (await town.http.put(address, json=week)).status_code == 204
    await town.work()
    assert (await town.day(officer, "2026-08-04"))["day"]["scheduled_minutes"] == 300


@pytest.mark.parametrize(("start", "hours"), [("07:00", 7), ("21:00", 10), ("22:30", 24), ("23:59", 24)])
async def test_a_punch_enqueues_every_date_whose_window_contains_it(town: City, start: str, hours: int) -> None:
    """A 24-hour shift and the window after it reach into the second next date."""
    officer = (await town.officer())["employee_id"]
    starts = datetime.fromisoformat(f"2026-08-03T{start}")
    ends = starts + timedelta(hours=hours)
    body = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
    assert (await town.http.put(f"/attendance/v1/employees/{officer}/roster/2026-08-03", json=body)).is_success
    rules = (await town.http.get("/attendance/v1/rules")).json()[0]["content"]
    first = starts - timedelta(minutes=rules["window_before_minutes"])
    last = ends + timedelta(minutes=rules["window_after_minutes"])
    for moment in (first, starts, ends, last):
        await town.run("delete from day_queue")
        async with town.context.changing() as change:
            await enqueue_for_punches(change, [(UUID(officer), moment)])
        queued = await town.rows("select work_date from day_queue")
        assert "2026-08-03" in {str(row.work_date) for row in queued}, moment


async def test_punches_of_a_24_hour_week_enqueue_the_date_to_the_end_of_its_window(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    week = {
        "name": "Sehari", "kind": "five_day", "employee_id": officer, "effective_from": "2026-08-03",
        "days": {"monday": {"start": "22:30", "end": "22:30"}},
    }  # fmt: skip
    address = "/attendance/v1/schedules/0190a5a0-0000-7000-8000-000000000001"
    assert (await town.http.put(address, json=week)).status_code == 204
    await town.work()
    await town.punch(officer, "2026-08-03 22:20:00", "2026-08-05 02:10:00")
    await town.work()
    day = (await town.day(officer, "2026-08-03"))["day"]
    assert (day["status"], day["last_out"]) == ("present", "2026-08-05T02:10:00+07:00")
