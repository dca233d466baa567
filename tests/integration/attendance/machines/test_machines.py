"""Registration, enrolments and commands, and their effects on data already sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.hours.defaults import Defaults
from tests.integration.attendance.city import City, city, local, person

pytestmark = pytest.mark.embedded

BASE = "/attendance/v1/machines"
SETUP = {"name": "Gerbang", "timezone": "Asia/Jakarta", "direction_from": "shift", "org_unit_id": "u1"}


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    async with city(embedded_postgres) as found:
        await found.import_lines(person(), person("199608182022041002", name="Contoh Lain"))
        assert (await found.http.put(f"{BASE}/M1", json=SETUP)).status_code == 201
        yield found


async def send(town: City, *lines: str) -> None:
    body = "\n".join(lines).encode()
    answer = await town.http.post("/iclock/cdata", params={"SN": "M1", "table": "ATTLOG"}, content=body)
    assert answer.text == f"OK: {len(lines)}"


async def queued(town: City) -> set[tuple[str, str]]:
    rows = await town.rows("select distinct employee_id, work_date from day_queue")
    return {(str(row.employee_id), str(row.work_date)) for row in rows}


async def enrol(town: City, officer: str, valid_from: str, pin: str = "7") -> Any:
    return await town.http.put(f"{BASE}/M1/enrolments/{pin}", json={"employee_id": officer, "valid_from": valid_from})


async def test_a_machine_is_registered_once_and_changed_after(town: City) -> None:
    assert (await town.http.put(f"{BASE}/M1", json=SETUP | {"name": "Pintu"})).status_code == 200
    (machine,) = (await town.http.get(BASE)).json()
    assert (machine["name"], machine["unknown_pins"], machine["quarantined"]) == ("Pintu", 0, 0)
    assert (machine["in_service_to"], machine["in_declared_outage"]) == (None, False)
    await send(town, "7\t2026-08-04 07:00:00", "8\t2026-08-04 07:00:00", "8\t2026-08-04 07:01:00", "x")
    (machine,) = (await town.http.get(BASE)).json()
    assert (machine["unknown_pins"], machine["quarantined"]) == (2, 1)


@pytest.mark.parametrize(
    ("change", "status"),
    [({"timezone": "Mars/Base"}, 422), ({"direction_from": "guess"}, 422), ({"org_unit_id": "nowhere"}, 404)],
)
async def test_a_wrong_setup_is_refused(town: City, change: dict[str, str], status: int) -> None:
    assert (await town.http.put(f"{BASE}/M2", json=SETUP | change)).status_code == status
    assert len((await town.http.get(BASE)).json()) == 1


async def test_a_pin_s_punches_follow_its_enrolments(town: City) -> None:
    first, second = [(await town.officer(nip))["employee_id"] for nip in ("199608182022041001", "199608182022041002")]
    await send(town, *(f"7\t2026-08-0{day} 07:00:00" for day in (3, 4, 5)), "07\t2026-08-04 07:00:00")
    assert await queued(town) == set()
    assert (await enrol(town, first, "2026-08-04")).status_code == 204
    whose = "select employee_id from punch where pin = '7' order by local_time"
    assert [str(row[0]) for row in await town.rows(whose)] == ["None", first, first]
    await town.work()
    assert (await enrol(town, second, "2026-08-05")).status_code == 204
    assert {(first, "2026-08-05"), (second, "2026-08-05")} <= await queued(town)
    assert (await enrol(town, first, "2026-08-01")).status_code == 204
    assert [str(row[0]) for row in await town.rows(whose)] == [first, first, second]
    await send(town, "7\t2026-08-05 16:00:00")
    assert [str(row[0]) for row in await town.rows(whose)] == [first, first, second, second]
    gone = await town.http.delete(f"{BASE}/M1/enrolments/7", params={"valid_from": "2026-08-05"})
    assert gone.status_code == 204
    assert [str(row[0]) for row in await town.rows(whose)] == [first] * 4
    listed = (await town.http.get(f"{BASE}/M1/enrolments")).json()
    assert [item["valid_from"] for item in listed] == ["2026-08-01", "2026-08-04"]
    again = await town.http.delete(f"{BASE}/M1/enrolments/7", params={"valid_from": "2026-08-05"})
    assert again.status_code == 404
    assert [row[0] for row in await town.rows("select employee_id from punch where pin = '07'")] == [None]


async def test_a_changed_zone_moves_the_punches_and_counts_those_that_were_in_the_future(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await enrol(town, officer, "2026-08-01")
    await send(town, "7\t2026-08-05 07:00:00", "7\t2026-08-05 21:00:00")
    flags = "select flags, counted, at from punch order by local_time"
    assert [row.flags for row in await town.rows(flags)] == [[], ["future"]]
    await town.work()
    assert (await town.http.put(f"{BASE}/M1", json=SETUP | {"timezone": "Asia/Makassar"})).status_code == 200
    rows = await town.rows(flags)
    assert [(row.flags, row.counted) for row in rows] == [([], True), ([], True)]
    assert rows[0].at == local("2026-08-05 06:00")
    assert (officer, "2026-08-05") in await queued(town)


async def test_a_changed_source_of_directions_recomputes_the_days(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await enrol(town, officer, "2026-08-01")
    lines = [f"7\t2026-08-04 07:0{n}:00\t{status}" for n, status in enumerate((0, 1, 4, 5, 255))]
    await send(town, *lines)
    await town.work()
    listing = f"/attendance/v1/punches?employee_id={officer}"
    assert {item["direction"] for item in (await town.http.get(listing)).json()["items"]} == {"unknown"}
    await town.http.put(f"{BASE}/M1", json=SETUP | {"direction_from": "status"})
    found = [item["direction"] for item in (await town.http.get(listing)).json()["items"]]
    assert found == ["in", "out", "in", "out", "unknown"]
    assert (officer, "2026-08-04") in await queued(town)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ({"kind": "resend", "from": "2026-08-01T00:00:00", "to": "2026-09-02T00:00:00"}, 422),
        ({"kind": "resend", "from": "2026-08-02T00:00:00", "to": "2026-08-01T00:00:00"}, 422),
        ({"kind": "resend", "from": "2026-08-01T00:00:00Z", "to": "2026-08-02T00:00:00Z"}, 422),
        ({"kind": "CLEAR LOG"}, 422),
        ({"kind": "info"}, 202),
    ],
)
async def test_only_commands_of_the_list_reach_a_machine(town: City, command: dict[str, str], status: int) -> None:
    assert (await town.http.post(f"{BASE}/M1/commands", json=command)).status_code == status
    assert len(await town.rows("select 1 from device_command")) == (status == 202)


async def test_machines_that_are_not_there_are_not_found(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    who = {"employee_id": officer, "valid_from": "2026-08-01"}
    assert (await town.http.put(f"{BASE}/M9/enrolments/7", json=who)).status_code == 404
    assert (await town.http.post(f"{BASE}/M9/commands", json={"kind": "check"})).status_code == 404
    assert (await town.http.get(f"{BASE}/M9/enrolments")).status_code == 404


async def test_only_an_operator_reads_these_lists(town: City) -> None:
    for path in (BASE, f"{BASE}/unknown", "/attendance/v1/punches", "/attendance/v1/quarantine"):
        assert (await town.http.get(path, headers={"Authorization": ""})).status_code == 401


async def test_a_machine_that_is_silent_in_working_hours_is_counted(town: City) -> None:
    """Only in its unit's hours; not in a declared outage, out of service or without a unit."""
    await town.service.app.part(Defaults).load()
    heard = "update machine set registered_at = :at, last_contact_at = :at, push_version = '2.2.14'"
    await town.run(heard, at=local("2026-08-03 09:00"))
    assert await town.silent("2026-08-03 09:59") == 0
    assert await town.silent("2026-08-03 10:01") == 1
    assert await town.silent("2026-08-03 20:00") == 0
    assert await town.silent("2026-08-04 10:00") == 1
    await send(town, "7\t2026-08-04 09:59:00")
    assert await town.silent("2026-08-04 10:30") == 0
    assert await town.silent("2026-08-04 12:00") == 1
    outage = {"serial": "M1", "starts_at": "2026-08-04T00:00:00+07:00", "ends_at": "2026-08-05T00:00:00+07:00"}
    path = "/attendance/v1/outages/01900000-0000-7000-8000-000000000001"
    assert (await town.http.put(path, json=outage | {"reason": "x"})).is_success
    assert await town.silent("2026-08-04 12:00") == 0
    assert (await town.http.get(BASE)).json()[0]["in_declared_outage"]
    assert await town.silent("2026-08-05 12:00") == 1
    for ends, counted in (("2026-08-05T12:00:00+07:00", 0), ("2026-08-05T12:01:00+07:00", 1)):
        assert (await town.http.put(f"{BASE}/M1", json=SETUP | {"in_service_to": ends})).status_code == 200
        assert await town.silent("2026-08-05 12:00") == counted
    assert (
        await town.http.put(f"{BASE}/M1", json=SETUP | {"org_unit_id": None, "in_unit_from": "always"})
    ).status_code == 200
    assert await town.silent("2026-08-05 12:00") == 0


@pytest.mark.parametrize("since", ["2099-01-01T00:00:00", "1999-01-01T00:00:00Z"])
async def test_a_wrong_moment_names_its_field_and_no_function(town: City, since: str) -> None:
    setup = {"name": "Pintu", "timezone": "Asia/Jakarta", "direction_from": "shift", "in_unit_from": since}
    answer = await town.http.put("/attendance/v1/machines/M9", json=setup)
    assert answer.status_code == 422
    assert {error["at"] for error in answer.json()["errors"]} == {"body/in_unit_from"}
    assert "function" not in answer.text
    assert "datetime" not in answer.text
