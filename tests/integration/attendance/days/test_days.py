"""From facts to published days, in a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from services.attendance.days.scheduler import DayScheduler
from services.attendance.days.worker import DayWorker
from tests.fixtures.stores.backends import Postgres
from tests.integration.attendance.city import City, city, local, person


@pytest.fixture
async def town(postgres: Postgres) -> AsyncIterator[City]:
    async with city(postgres) as found:
        await found.import_lines(person())
        await found.machine()
        yield found


async def test_an_officer_without_punches_is_absent_only_after_the_machine_uploaded_everything(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.close()
    before = (await town.day(officer, "2026-08-04"))["day"]
    assert (before["state"], before["status"], before["revision"]) == ("provisional", "unknown", 1)
    await town.advance("2026-08-04 21:00")
    await town.work()
    after = (await town.day(officer, "2026-08-04"))["day"]
    assert (after["state"], after["status"], after["revision"]) == ("final", "absent", 2)
    assert (await town.day(officer, "2026-08-05"))["day"]["revision"] == 1


async def test_a_day_is_shown_with_the_punches_behind_it(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.punch(officer, "2026-08-04 07:30:01", "2026-08-04 16:00:00")
    await town.advance("2026-08-05 08:00")
    await town.close()
    found = await town.day(officer, "2026-08-04")
    day = found["day"]
    assert (day["state"], day["status"], day["late_minutes"], day["credited_minutes"]) == ("final", "present", 1, 449)
    assert day["first_in"] == "2026-08-04T07:30:01+07:00"
    assert [p["local_time"] for p in found["punches"]] == ["2026-08-04T07:30:01", "2026-08-04T16:00:00"]
    assert found["window_from"] == "2026-08-04T04:30:00+07:00"


async def test_the_same_result_is_no_new_revision(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.punch(officer, "2026-08-04 07:00:00", "2026-08-04 16:10:00")
    await town.work()
    first = await town.rows("select revision, recorded_at from attendance_day where work_date = '2026-08-04'")
    await town.punch(officer, "2026-08-04 12:00:00")
    await town.work()
    assert await town.rows("select revision, recorded_at from attendance_day where work_date = '2026-08-04'") == first
    assert len(await town.rows("select 1 from outbox where topic = 'asn.attendance-day.v1'")) == 1


async def test_published_records_are_those_of_the_table(town: City) -> None:
    await town.close()
    rows = await town.rows("select value from outbox where topic = 'asn.attendance-day.v1' order by id")
    days = await town.rows("select record from attendance_day order by work_date")
    assert [orjson.loads(row.value) for row in rows] == [orjson.loads(row.record) for row in days]
    assert [orjson.loads(row.value)["work_date"] for row in rows] == ["2026-08-03", "2026-08-04", "2026-08-05"]


async def test_every_date_has_a_row_also_days_off_and_after_a_stop(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.close()
    town.clock.set(local("2026-08-20 12:00"))
    await town.close()
    answer = await town.http.get(
        f"/attendance/v1/employees/{officer}/days", params={"from": "2026-08-01", "to": "2026-08-31"}
    )
    days = {day["work_date"]: day for day in answer.json()}
    assert sorted(days) == [f"2026-08-{n:02}" for n in range(3, 21)]
    assert (days["2026-08-08"]["status"], days["2026-08-08"]["state"]) == ("off", "final")
    assert (days["2026-08-17"]["status"], days["2026-08-17"]["excuse"]) == ("off", "LIBUR_NASIONAL")


async def test_a_day_that_waits_for_the_worker_is_not_enqueued_again(town: City) -> None:
    """The close runs every half minute; a queue that grows each time never empties under load."""
    await town.close()
    silent = "update machine set complete_until = :mark, registered_at = :mark where serial = 'M1'"
    await town.run(silent, mark=local("2026-08-03 07:00"))
    town.clock.set(local("2026-08-12 12:00"))
    queue = "select work_date from day_queue join attendance_day using (employee_id, work_date) order by 1"
    for _ in range(2):  # the machine is silent now, so its waiting days can be final
        await town.service.app.part(DayScheduler).round()
        assert [str(row.work_date) for row in await town.rows(queue)] == ["2026-08-03", "2026-08-04", "2026-08-05"]


async def test_a_night_shift_takes_the_punch_of_the_next_morning(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    shift = {"starts_at": "2026-08-04T22:00:00", "ends_at": "2026-08-05T06:00:00", "break_minutes": 60}
    answer = await town.http.put(f"/attendance/v1/employees/{officer}/roster/2026-08-04", json=shift)
    assert answer.status_code == 204, answer.text
    await town.punch(officer, "2026-08-04 21:55:00")
    await town.work()
    await town.punch(officer, "2026-08-05 06:03:00")
    await town.advance("2026-08-05 19:00")
    await town.work()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["state"], day["status"], day["credited_minutes"]) == ("final", "present", 420)
    assert day["last_out"] == "2026-08-05T06:03:00+07:00"


async def test_late_approval_and_revocation_rewrite_a_past_day(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.close()
    await town.advance("2026-08-04 21:00")
    await town.work()
    leave = {
        "employee_id": officer,
        "code": "CUTI_SAKIT",
        "kind": "leave",
        "first_date": "2026-08-04",
        "last_date": "2026-08-04",
        "state": "approved",
    }
    address = "/attendance/v1/excuses/0190a5a0-0000-7000-8000-000000000001"
    assert (await town.http.put(address, json=leave)).status_code == 204
    await town.work()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["status"], day["excuse"], day["revision"]) == ("excused", "CUTI_SAKIT", 3)
    assert (await town.http.put(address, json=leave | {"state": "revoked", "reason": "Batal"})).status_code == 204
    await town.work()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["status"], day["excuse"], day["revision"]) == ("absent", None, 4)


async def test_an_outage_turns_an_absence_into_unknown(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.close()
    await town.advance("2026-08-04 21:00")
    await town.work()
    outage = {
        "org_unit_id": "u1",
        "starts_at": "2026-08-04T06:00:00+07:00",
        "ends_at": "2026-08-04T12:00:00+07:00",
        "reason": "Listrik padam",
    }
    address = "/attendance/v1/outages/0190a5a0-0000-7000-8000-000000000002"
    assert (await town.http.put(address, json=outage)).status_code == 204
    await town.work()
    assert (await town.day(officer, "2026-08-04"))["day"]["status"] == "unknown"


async def test_a_silent_machine_becomes_an_outage_and_its_return_makes_the_absence_final(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.advance("2026-08-03 12:00")
    await town.close()
    town.clock.set(local("2026-08-20 12:00"))
    await town.close()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["state"], day["status"]) == ("final", "unknown")
    await town.advance("2026-08-20 11:00")
    await town.work()
    assert (await town.day(officer, "2026-08-04"))["day"]["status"] == "absent"


async def test_a_site_without_a_machine_never_closes_a_day(town: City) -> None:
    await town.import_lines(person(org_unit_id="u2", org_unit_name="Dinas Dua", unit_from="2026-08-03"))
    officer = (await town.officer())["employee_id"]
    await town.close()
    town.clock.set(local("2026-08-30 12:00"))
    await town.close()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["state"], day["status"]) == ("provisional", "unknown")
    await town.service.app.part(DayScheduler).round()
    assert await town.rows("select 1 from day_queue") == []


async def test_new_rules_apply_to_the_days_from_their_date_on(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.punch(officer, "2026-08-03 07:40:00", "2026-08-04 07:40:00")
    await town.close()
    rules = (await town.http.get("/attendance/v1/rules")).json()[0]["content"]
    changed = rules | {"version": 2, "effective_from": "2026-08-04", "grace_minutes": 15}
    answer = await town.http.post("/attendance/v1/rules", content=orjson.dumps(changed))
    assert answer.status_code == 201, answer.text
    await town.work()
    assert (await town.day(officer, "2026-08-03"))["day"]["late_minutes"] == 10
    tuesday = (await town.day(officer, "2026-08-04"))["day"]
    assert (tuesday["late_minutes"], tuesday["rule"]["version"]) == (0, 2)
    assert (await town.http.post("/attendance/v1/rules", content=orjson.dumps(changed))).status_code == 409


async def test_republish_publishes_every_officer_and_day_again(town: City) -> None:
    await town.close()
    await town.run("delete from outbox")
    answer = await town.http.post("/attendance/v1/republish")
    assert answer.json() == {"employees": 1, "days": 3, "unreadable": 0}
    topics = await town.rows("select topic, count(*) from outbox group by 1 order by 1")
    assert [tuple(row) for row in topics] == [("asn.attendance-day.v1", 3), ("asn.employee.v1", 1)]


async def test_the_hours_of_the_whole_city_do_not_apply_to_a_part_time_officer(town: City) -> None:
    await town.import_lines(person("199009132025242001", employment_type="PPPK_PART_TIME"))
    officer = (await town.officer("199009132025242001"))["employee_id"]
    await town.advance("2026-08-05 08:00")
    await town.close()
    assert (await town.day(officer, "2026-08-04"))["day"]["reasons"] == ["NO_SCHEDULE"]
    own = {
        "name": "Paruh waktu",
        "kind": "five_day",
        "days": {"tuesday": {"start": "08:00", "end": "12:00"}},
        "effective_from": "2026-08-01",
        "employee_id": officer,
    }
    address = "/attendance/v1/schedules/0190a5a0-0000-7000-8000-000000000003"
    assert (await town.http.put(address, json=own)).status_code == 204
    await town.work()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["status"], day["scheduled_minutes"]) == ("absent", 240)


async def test_concurrent_workers_never_overwrite_a_newer_result(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    worker = town.service.app.part(DayWorker)

    async def punch(minute: int) -> None:
        await town.punch(officer, f"2026-08-04 07:{minute:02}:00")
        await worker.round()

    for first in range(50, 0, -5):
        await asyncio.gather(*(punch(first - n) for n in range(5)))
        await town.work()
        day = (await town.day(officer, "2026-08-04"))["day"]
        assert day["first_in"] == f"2026-08-04T07:{first - 4:02}:00+07:00"
    rows = await town.rows("select value from outbox where topic = 'asn.attendance-day.v1' order by id")
    revisions = [orjson.loads(row.value)["revision"] for row in rows]
    assert revisions == list(range(1, len(revisions) + 1))


async def test_a_day_ahead_and_a_day_before_the_first_one_are_never_computed(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.punch(officer, "2026-08-06 07:30:00", "2026-07-01 07:30:00", "1999-12-31 07:30:00")
    await town.work()
    assert await town.rows("select 1 from attendance_day") == []
