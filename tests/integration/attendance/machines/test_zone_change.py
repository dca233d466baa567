"""A machine's zone was wrong: everything derived from its local times is recomputed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.attendance.city import City, local

pytestmark = pytest.mark.embedded


async def zone(town: City, name: str) -> None:
    setup = {"name": "Pintu", "timezone": name, "direction_from": "shift", "org_unit_id": "u1"}
    assert (await town.http.put("/attendance/v1/machines/M1", json=setup)).status_code == 200


async def post(town: City, *lines: str) -> None:
    body = "".join(f"{line}\t255\t1\n" for line in lines).encode()
    answer = await town.http.post("/iclock/cdata", params={"SN": "M1", "table": "ATTLOG"}, content=body)
    assert answer.text == f"OK: {len(lines)}"


async def poll_twice(town: City) -> None:
    assert town.clock is not None
    for _ in range(2):
        town.clock.advance(timedelta(seconds=24))
        await town.http.get("/iclock/getrequest", params={"SN": "M1"})


async def row(town: City) -> Any:
    return (await town.rows("select complete_until, clock_wrong_since from machine"))[0]


async def test_a_clock_that_was_wrong_only_by_the_zone_is_right_again(town: City) -> None:
    await zone(town, "UTC")
    await post(town, "7\t2026-08-05 19:58:00")  # now is 20:00 in Pariaman, 13:00 UTC
    assert (await row(town)).clock_wrong_since is not None
    await poll_twice(town)
    assert (await row(town)).complete_until is None
    await zone(town, "Asia/Jakarta")
    assert (await row(town)).clock_wrong_since is None
    await poll_twice(town)
    assert (await row(town)).complete_until == town.service.context.clock.now()


async def test_a_clock_that_is_ahead_in_the_right_zone_becomes_wrong(town: City) -> None:
    await post(town, "7\t2026-08-05 19:58:00")
    assert (await row(town)).clock_wrong_since is None
    await zone(town, "UTC")
    assert (await row(town)).clock_wrong_since is not None


async def test_the_state_of_another_machines_clock_stays(town: City) -> None:
    await town.machine("M2")
    await town.run("update machine set clock_wrong_since = timestamptz '2026-08-04' where serial = 'M2'")
    await zone(town, "Asia/Makassar")
    others = await town.rows("select clock_wrong_since from machine where serial = 'M2'")
    assert others[0].clock_wrong_since is not None


async def test_a_watermark_set_by_a_record_moves_back_with_it_and_opens_the_day_again(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await zone(town, "UTC")
    await town.close()
    await post(town, "7\t2026-08-04 07:00:00", "7\t2026-08-05 12:00:00")
    assert (await row(town)).complete_until == local("2026-08-05 19:00:00")
    await town.close()
    assert (await town.day(officer, "2026-08-04"))["day"]["state"] == "final"
    await zone(town, "Asia/Jakarta")
    assert (await row(town)).complete_until == local("2026-08-05 12:00:00")
    # the window of the 4th ended before that, the one of the 5th did not
    await post(town, "8\t2026-08-04 16:00:00")
    await town.close()
    assert (await town.day(officer, "2026-08-05"))["day"]["state"] == "provisional"


async def test_a_day_that_the_wrong_zone_closed_is_open_again_at_once(town: City) -> None:
    """The record is nobody's: only the watermark that moves back concerns the day."""
    officer = (await town.officer())["employee_id"]
    assert town.clock is not None
    town.clock.set(local("2026-08-06 12:00"))
    await zone(town, "UTC")
    await town.close()
    await post(town, "8\t2026-08-05 14:00:00")
    await town.work()
    assert (await town.day(officer, "2026-08-05"))["day"]["status"] == "absent"
    await zone(town, "Asia/Jakarta")
    await town.work()
    assert (await town.day(officer, "2026-08-05"))["day"]["state"] == "provisional"


async def test_a_watermark_set_by_a_poll_stays(town: City) -> None:
    await zone(town, "UTC")
    await post(town, "7\t2026-08-04 07:00:00")
    await poll_twice(town)
    mark = (await row(town)).complete_until
    await zone(town, "Asia/Jakarta")
    assert (await row(town)).complete_until == mark


async def test_a_punch_with_an_offset_keeps_its_moment_and_is_recognised_again(town: City) -> None:
    punch = {"serial": "M1", "rows": [{"pin": "7", "at": "2026-08-04T07:30:00+07:00"}]}
    assert (await town.http.post("/attendance/v1/punches", json=punch)).json()["results"][0]["result"] == "accepted"
    await zone(town, "Asia/Jayapura")
    assert (await town.http.post("/attendance/v1/punches", json=punch)).json()["results"][0]["result"] == "duplicate"
    (kept,) = (await town.http.get("/attendance/v1/punches")).json()["items"]
    assert (kept["at"], kept["local_time"]) == ("2026-08-04T00:30:00Z", "2026-08-04T09:30:00")


async def test_a_future_punch_in_json_makes_the_clock_wrong_until_a_right_one(town: City) -> None:
    now = {"complete_until": "2026-08-05T13:00:00Z"}

    async def send(**row: str) -> None:
        body = {"serial": "M1", "rows": [{"pin": "7"} | row]} | now
        assert (await town.http.post("/attendance/v1/punches", json=body)).is_success

    await send(local_time="2026-08-06T07:00:00")
    assert (await row(town)).clock_wrong_since is not None
    assert (await row(town)).complete_until is None
    await send(local_time="2026-08-04T07:00:00")
    assert (await row(town)).complete_until is None
    await send(at="2026-08-05T12:59:00Z")
    assert (await row(town)).clock_wrong_since is None
    assert (await row(town)).complete_until == local("2026-08-05 20:00")
    await send(at="2026-08-07T00:00:00Z")
    assert (await row(town)).clock_wrong_since is not None
