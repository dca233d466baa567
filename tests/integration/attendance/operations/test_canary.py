"""The canary on the roster: its punches count, it is never absent or listed, and old punches are deleted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.operations.canary import KEPT_DAYS, Canary
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID, CANARY_NIP, CANARY_UNIT_ID, CanaryMachine
from tests.integration.attendance.city import City, city, person

pytestmark = pytest.mark.embedded

KEY = "canary-key-of-the-tests"
MACHINE = CanaryMachine.of(KEY)
QUERY = {"SN": MACHINE.serial, "ComKey": MACHINE.comm_key}
WORK_DATE = date(2026, 8, 3)  # two days before the clock of this city


async def push(town: City, *moments: str) -> None:
    """Sends two polls and a post, then runs the service's own tasks."""
    assert town.clock is not None
    for _ in range(2):
        town.clock.advance(timedelta(seconds=21))
        assert (await town.http.get("/iclock/getrequest", params=QUERY)).is_success
    lines = "".join(f"1\t{moment}\t255\t1\t\t0\t0\n" for moment in moments)
    query = QUERY | {"table": "ATTLOG", "Stamp": "9999"}
    answer = await town.http.post("/iclock/cdata", params=query, content=lines.encode())
    assert answer.text == f"OK: {len(moments)}"
    await town.work()
    await town.service.app.part(Canary).round()
    await town.close()


async def published(town: City) -> list[dict[str, Any]]:
    rows = await town.rows("select value from outbox where topic = 'asn.attendance-day.v1' order by id")
    return [day for row in rows if (day := orjson.loads(row.value))["employee_id"] == str(CANARY_EMPLOYEE_ID)]


async def test_the_canarys_punches_make_its_day_and_it_is_never_absent(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres, canary_key=KEY) as town:
        await town.service.app.part(Canary).round()
        await town.close()
        await push(town, f"{WORK_DATE} 00:00:01")
        await push(town, f"{WORK_DATE} 00:00:01", f"{WORK_DATE} 09:01:00")
        await push(town, f"{WORK_DATE} 00:00:01", f"{WORK_DATE} 09:02:00")
        days = await published(town)
        assert {day["status"] for day in days} == {"off", "present"}
        mine = [day["credited_minutes"] for day in days if day["work_date"] == str(WORK_DATE)]
        assert mine[-2:] == [540, 541]
        assert days[-1]["state"] == "final"


async def test_the_canary_is_in_no_list(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres, canary_key=KEY) as town:
        await town.service.app.part(Canary).round()
        await town.import_lines(person())
        await push(town, f"{WORK_DATE} 00:00:01", f"{WORK_DATE} 09:01:00")
        await town.http.post("/iclock/cdata", params=QUERY | {"table": "ATTLOG"}, content=b"unreadable line\n")
        mine = (str(CANARY_EMPLOYEE_ID), MACHINE.serial, CANARY_UNIT_ID)
        for path in ("employees", "units", "machines", "machines/unknown", "punches", "quarantine"):
            answer = await town.http.get(f"/attendance/v1/{path}")
            assert answer.is_success, path
            assert not [word for word in mine if word in answer.text], path
        assert len((await town.http.get("/attendance/v1/employees")).json()["items"]) == 1
        filtered = await town.http.get("/attendance/v1/punches", params={"employee_id": str(CANARY_EMPLOYEE_ID)})
        assert filtered.json()["items"] == []
        assert (await town.http.post("/attendance/v1/employees/find", json={"nip": CANARY_NIP})).status_code == 404


async def test_old_punches_are_deleted_and_leave_no_absence(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres, canary_key=KEY) as town:
        assert town.clock is not None
        canary = town.service.app.part(Canary)
        await canary.round()
        await push(town, f"{WORK_DATE} 00:00:01", f"{WORK_DATE} 09:01:00")
        count = "select (select count(*) from punch), (select count(*) from upload where body <> ''),"
        count += " (select count(*) from roster_shift)"
        town.clock.advance(timedelta(days=KEPT_DAYS))
        await canary.round()
        assert tuple((await town.rows(count))[0]) == (2, 1, 1)
        town.clock.advance(timedelta(days=1))
        await canary.round()
        assert tuple((await town.rows(count))[0]) == (0, 0, 0)
        # a recomputation of the day finds a day off
        await town.run("insert into day_queue (bulk, employee_id, work_date) values (false, :id, :day)",
                       id=CANARY_EMPLOYEE_ID, day=WORK_DATE)  # fmt: skip
        await town.close()
        assert (await published(town))[-1]["status"] == "off"


async def test_nobody_can_punch_for_the_canary_without_its_key(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres, canary_key=KEY) as town:
        await town.service.app.part(Canary).round()
        other = CanaryMachine.of("canary-key-of-another-city")
        assert other.serial != MACHINE.serial
        line = b"1\t2026-08-03 23:59:00\t255\t1\n"
        for query in ({"SN": MACHINE.serial}, {"SN": MACHINE.serial, "ComKey": other.comm_key}, {"SN": other.serial}):
            answer = await town.http.post("/iclock/cdata", params=query | {"table": "ATTLOG"}, content=line)
            assert answer.status_code == 404
        assert await town.rows("select 1 from punch") == []


async def test_another_key_registers_another_machine_of_the_same_canary(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres, canary_key=KEY) as town:
        await town.service.app.part(Canary).round()
        url = town.service.context.settings.database
        async with city(embedded_postgres, canary_key="canary-key-that-was-rotated", database_url=url) as later:
            await later.service.app.part(Canary).round()
            rows = await later.rows(
                "select serial, in_service_to is null as serves from machine order by registered_at"
            )
            assert [row.serves for row in rows if row.serial == MACHINE.serial] == [False]
            assert [row.serves for row in rows if row.serial != MACHINE.serial] == [True]


async def test_without_a_key_there_is_no_canary(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres) as town:
        assert await town.rows("select 1 from employee") == []
        answer = await town.http.get("/iclock/cdata", params=QUERY | {"options": "all"})
        assert answer.status_code == 404
