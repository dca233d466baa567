"""Polls and posts move a machine's watermark; polls carry its commands."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.integration.attendance.city import City, local
from tests.integration.attendance.iclock.requests import machine_row, poll, post

pytestmark = pytest.mark.embedded


async def test_a_backlog_and_quiet_polls_move_the_watermark_and_live_punches_do_not(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    who = {"employee_id": officer, "valid_from": "2026-08-01"}
    assert (await town.http.put("/attendance/v1/machines/M1/enrolments/12", json=who)).status_code == 204
    await town.close()
    await post(town, "12\t2026-08-05 19:58:00\t255\t1")
    assert (await machine_row(town)).complete_until is None
    await post(town, "12\t2026-08-04 07:00:00\t255\t1", "12\t2026-08-04 16:10:00\t255\t1")
    assert (await machine_row(town)).complete_until == local("2026-08-04 16:10:00")
    await poll(town)
    town.clock.advance(timedelta(seconds=15))
    await poll(town)
    assert (await machine_row(town)).complete_until == local("2026-08-04 16:10:00")
    town.clock.advance(timedelta(seconds=15))
    await poll(town)
    assert (await machine_row(town)).complete_until == town.clock.now()
    await town.work()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["state"], day["status"]) == ("final", "present")


async def test_a_machine_that_comes_back_is_not_complete_by_its_first_poll(town: City) -> None:
    for _ in range(2):
        town.clock.advance(timedelta(seconds=30))
        await poll(town)
    left = (await machine_row(town)).complete_until
    assert left == town.clock.now()
    town.clock.advance(timedelta(days=2))
    await poll(town)
    assert (await machine_row(town)).complete_until == left
    await town.http.get("/iclock/cdata", params={"SN": "M1", "options": "all"})
    town.clock.advance(timedelta(seconds=10))
    await poll(town)
    assert (await machine_row(town)).complete_until == left
    town.clock.advance(timedelta(seconds=10))
    await poll(town)
    assert (await machine_row(town)).complete_until == town.clock.now()


async def test_a_punch_from_the_future_is_not_counted_and_stops_the_watermark(town: City) -> None:
    await post(town, "12\t2026-08-06 07:00:00\t255\t1", "13\t2000-01-01 00:00:10\t255\t1")
    rows = await town.rows("select flags, counted from punch order by id")
    assert [(row.flags, row.counted) for row in rows] == [(["future"], False), (["clock_reset"], False)]
    assert (await machine_row(town)).clock_wrong_since == town.clock.now()
    await post(town, "12\t2026-08-05 08:00:00\t255\t1")
    for _ in range(3):
        town.clock.advance(timedelta(seconds=30))
        await poll(town)
    assert (await machine_row(town)).complete_until is None
    await post(town, "OPLOG 21\t1\t2026-08-05 20:01:00\t0\t0\t0\t0", table="OPERLOG")
    for _ in range(2):
        town.clock.advance(timedelta(seconds=30))
        await poll(town)
    assert (await machine_row(town)).complete_until == town.clock.now()
    await post(town, "12\t2026-08-06 07:00:01\t255\t1")
    await post(town, f"12\t{town.clock.now().astimezone(town.service.context.zone):%Y-%m-%d %H:%M:%S}\t255\t1")
    assert (await machine_row(town)).clock_wrong_since is None


async def test_idle_polls_write_at_most_every_ten_seconds(town: City) -> None:
    await poll(town, INFO="Ver 6.60,1,1,2,10.0.0.5")
    version = "select xmin::text as version, info from machine"
    first = (await town.rows(version))[0]
    assert first.info == "Ver 6.60,1,1,2,10.0.0.5"
    town.clock.advance(timedelta(seconds=4))
    assert (await poll(town)).text == "OK"
    assert (await town.rows(version))[0] == first
    town.clock.advance(timedelta(seconds=6))
    await poll(town)
    assert (await town.rows(version))[0] != first


async def test_commands_wait_for_the_poll_and_end_with_the_result_of_their_own_machine(town: City) -> None:
    await town.machine("M2")
    address = "/attendance/v1/machines/M1/commands"
    span = {"kind": "resend", "from": "2026-08-03T00:00:00", "to": "2026-08-04T00:00:00"}
    number = (await town.http.post(address, json=span)).json()["id"]
    assert re.fullmatch("[0-9a-f]{16}", number)
    assert (await town.http.post(address, json=span)).status_code == 409
    assert (await poll(town, "M2")).text == "OK"
    query = f"C:{number}:DATA QUERY ATTLOG StartTime=2026-08-03 00:00:00\tEndTime=2026-08-04 00:00:00\n"
    assert (await poll(town)).text == query
    assert (await poll(town)).text == "OK"
    await post(town, "12\t2026-08-03 07:00:00\t255\t1")
    assert (await machine_row(town)).complete_until is None
    result = f"ID={number}&Return=0&CMD=DATA\n".encode()
    await town.http.post("/iclock/devicecmd", params={"SN": "M2"}, content=result)
    assert [row.return_code for row in await town.rows("select return_code from device_command")] == [None]
    assert (await town.http.post("/iclock/devicecmd", params={"SN": "M1"}, content=result)).text == "OK"
    assert [row.return_code for row in await town.rows("select return_code from device_command")] == [0]
    await town.http.post(address, json={"kind": "check"})
    town.clock.advance(timedelta(minutes=16))
    assert (await poll(town)).text == "OK"
