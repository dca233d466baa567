"""A machine proves its identity; others all get the same refusal, are listed, and change nothing."""

from __future__ import annotations

import asyncio

import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.machines.rules.proof import Refusal
from tests.integration.attendance.access.device import (
    LINE,
    OTHER,
    OWN,
    Device,
    machine,
    punches,
    refused,
    register,
    secret,
    settled,
    shown,
)
from tests.integration.attendance.city import City, city, person

pytestmark = pytest.mark.embedded


async def test_polls_without_proof_make_nobody_absent(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    await town.close()
    assert (await Device(town).punch(LINE)).text == "OK: 1"
    mark = (await machine(town))["complete_until"]
    await Device(town, OTHER).poll_twice(town)
    await town.close()
    assert (await machine(town))["complete_until"] == mark
    assert (await town.day(officer, "2026-08-04"))["day"]["state"] == "provisional"
    # the real machine sends the same and is accepted
    await Device(town).poll_twice(town)
    await town.close()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["state"], day["status"]) == ("final", "absent")


async def test_punches_without_proof_do_not_count_and_are_listed_for_the_operator(town: City) -> None:
    await Device(town).punch(LINE)
    forged = "7\t2026-08-05 07:00:00\t255\t1"
    assert (await Device(town, OTHER).punch(forged)).status_code == 404
    assert await punches(town) == ["2026-08-04 07:20:00"]
    (contact,) = await refused(town)
    assert (contact["serial"], contact["address"], contact["reason"]) == ("S1", OTHER, "OTHER_ADDRESS")
    assert (contact["registered"], contact["kept_lines"]) == (True, 1)
    (waiting,) = (await town.http.get("/attendance/v1/quarantine", params={"serial": "S1"})).json()["items"]
    assert (waiting["line"], waiting["reason"], waiting["address"]) == (forged, "OTHER_ADDRESS", OTHER)
    assert (await machine(town))["clock_wrong_since"] is None
    future = "7\t2027-08-05 07:00:00\t255\t1"
    await Device(town, OTHER).punch(future)
    assert (await machine(town))["clock_wrong_since"] is None


async def test_unknown_serial_other_address_and_wrong_secret_get_the_same_answer_everywhere(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    calls = [
        *((path, None) for path in ("cdata", "getrequest", "ping", "devicecmd", "registry", "push", "rtdata")),
        *((path, "x=1") for path in ("cdata", "devicecmd", "fdata", "ping", "registry", "querydata")),
    ]
    async with settled(embedded_postgres, refusals_per_minute=100_000) as town:  # each is looked up
        await Device(town).punch(LINE)
        await register(town, "S2")
        assert (await town.http.post("/attendance/v1/machines/S2/secrets", json={"kind": "host_label"})).is_success
        devices = (
            Device(town, OTHER),
            Device(town, OTHER, "NOBODY"),
            Device(town, OTHER, "S2", host="wronglabel.adms"),
        )
        for path, body in calls:
            for query in ({}, {"options": "all"}, {"table": "ATTLOG"}, {"table": "rtlog"}, {"DeviceType": "acc"}):
                answers = []
                for device in devices:
                    found = await (device.ask(path, **query) if body is None else device.post(body, path=path, **query))
                    answers.append(shown(found))
                assert answers[0] == answers[1] == answers[2], (path, query)
                assert answers[0][0] == 404
        assert {contact["reason"] for contact in await refused(town)} == set(Refusal)


async def test_only_the_proved_machine_gets_commands_and_reports_results(town: City) -> None:
    await Device(town).punch(LINE)
    address = "/attendance/v1/machines/S1/commands"
    number = (await town.http.post(address, json={"kind": "check"})).json()["id"]
    assert number not in (await Device(town, OTHER).ask("getrequest")).text
    assert (await Device(town).ask("getrequest")).text == f"C:{number}:CHECK\n"
    await Device(town, OTHER).post(f"ID={number}&Return=0&CMD=CHECK", path="devicecmd")
    assert [row.return_code for row in await town.rows("select return_code from device_command")] == [None]
    await Device(town).post(f"ID={number}&Return=0&CMD=CHECK", path="devicecmd")
    assert [row.return_code for row in await town.rows("select return_code from device_command")] == [0]


async def test_the_first_post_pins_the_address_and_until_then_no_poll_moves_the_watermark(town: City) -> None:
    device = Device(town)
    assert (await device.ask("cdata", options="all")).text.startswith("GET OPTION FROM: S1\n")
    assert (await machine(town))["proof"] == "nothing_yet"
    await town.http.post("/attendance/v1/machines/S1/commands", json={"kind": "check"})
    for each in (device, Device(town, OTHER)):
        assert (await each.ask("getrequest")).text == "OK"
        await each.poll_twice(town)
    assert (await machine(town))["complete_until"] is None
    assert (await device.punch(LINE)).text == "OK: 1"
    found = await machine(town)
    assert (found["proof"], found["pinned_address"], found["has_secret"]) == ("pinned_address", OWN, False)
    assert "CHECK" in (await device.ask("getrequest")).text
    assert (await Device(town, OTHER).ask("cdata", options="all")).status_code == 404


async def test_an_operator_accepts_another_address_once(town: City) -> None:
    await Device(town).punch(LINE)
    moved = Device(town, OTHER)
    await moved.punch("7\t2026-08-05 07:00:00\t255\t1")
    accept = await town.http.post("/attendance/v1/machines/S1/addresses", json={"address": OTHER})
    assert accept.json() == {"punches": 1}
    assert await punches(town) == ["2026-08-04 07:20:00", "2026-08-05 07:00:00"]
    assert (await moved.punch("7\t2026-08-05 16:00:00\t255\t1")).text == "OK: 1"
    assert (await Device(town).punch(LINE)).status_code == 404
    assert [contact["address"] for contact in await refused(town)] == [OWN]


async def test_an_operator_accepts_a_range(town: City) -> None:
    await Device(town).punch(LINE)
    await Device(town, OTHER).punch("7\t2026-08-05 07:00:00\t255\t1")
    await Device(town, "10.9.0.1").punch("7\t2026-08-05 07:00:30\t255\t1")
    range_ = {"address": OTHER, "network": "10.0.9.77/24"}
    assert (await town.http.post("/attendance/v1/machines/S1/addresses", json=range_)).json() == {"punches": 1}
    found = await machine(town)
    assert (found["networks"], found["proof"]) == (["10.0.9.0/24"], "network")
    assert (await Device(town, "10.0.9.200").punch(LINE)).text == "OK: 1"
    assert (await Device(town, "10.0.8.1").punch(LINE)).status_code == 404
    wrong = await town.http.post("/attendance/v1/machines/S1/addresses", json=range_ | {"network": "10.0.9"})
    assert (wrong.status_code, "10.20.0.0/16" in wrong.text) == (422, True)


async def test_a_dismissed_contact_leaves_the_list_and_its_lines_never_become_punches(town: City) -> None:
    await Device(town).punch(LINE)
    await Device(town, OTHER).punch("7\t2026-08-05 07:00:00\t255\t1")
    forget = "/attendance/v1/machines/S1/refused"
    assert (await town.http.delete(forget, params={"address": OTHER})).status_code == 204
    assert (await town.http.delete(forget, params={"address": OTHER})).status_code == 404
    assert await refused(town) == []
    assert (await town.http.get("/attendance/v1/quarantine")).json()["items"] == []
    await Device(town, OTHER).punch("7\t2026-08-05 07:00:00\t255\t1")
    accept = await town.http.post("/attendance/v1/machines/S1/addresses", json={"address": OTHER})
    assert accept.json() == {"punches": 0}


async def test_a_host_label_proves_the_machine_from_any_address(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres, machine_host="adms.example.go.id") as town:
        await town.import_lines(person())
        await register(town)
        made = await secret(town, kind="host_label")
        assert made["host"] == f"{made['host_label']}.adms.example.go.id"
        assert len(made["host_label"]) == 14
        right = Device(town, host=made["host"])
        assert (await right.punch(LINE)).text == "OK: 1"
        assert (await Device(town, OTHER, host=made["host"].upper() + ":8080").punch(LINE)).text == "OK: 1"
        assert (await Device(town, host="adms.example.go.id").punch(LINE)).status_code == 404
        assert (await Device(town, host=f"x{made['host']}").punch(LINE)).status_code == 404
        # no other host name is served
        assert (await Device(town, host="kinerja.example.go.id").punch(LINE)).status_code == 404
        assert (await Device(town, host=f"{made['host_label']}.other").punch(LINE)).status_code == 404
        found = await machine(town)
        assert (found["proof"], found["has_secret"], found["secret_pending"]) == ("host_label", True, False)
        assert made["host_label"] not in (await town.http.get("/attendance/v1/machines")).text
        assert {contact["reason"] for contact in await refused(town)} == {"WRONG_SECRET"}


async def test_a_secret_may_be_required_from_its_first_use_on(town: City) -> None:
    await Device(town).punch(LINE)
    made = await secret(town, kind="host_label", from_first_use=True)
    assert (await Device(town).punch(LINE)).text == "OK: 1"
    assert (await Device(town, OTHER).punch(LINE)).status_code == 404
    assert (await machine(town))["secret_pending"] is True
    assert (await Device(town, OTHER, host=f"{made['host_label']}.adms").punch(LINE)).text == "OK: 1"
    assert (await Device(town).punch(LINE)).status_code == 404
    assert (await machine(town))["secret_pending"] is False
    # a new secret does not readmit the old address
    await secret(town, kind="host_label", from_first_use=True)
    assert (await Device(town).punch(LINE)).status_code == 404


async def test_a_comm_key_is_required_in_each_request(town: City) -> None:
    await secret(town, kind="comm_key", value="314159265")
    right = Device(town, ComKey="314159265")
    hello = await Device(town, pushcommkey="314159265").ask("cdata", options="all")
    assert "\nIsPushComKey=1\n" in hello.text
    assert (await right.punch(LINE)).text == "OK: 1"
    assert (await Device(town, ComKey="88888888").punch(LINE)).status_code == 404
    assert (await Device(town).ask("getrequest")).status_code == 404
    assert (await machine(town))["proof"] == "comm_key"
    assert (await town.http.delete("/attendance/v1/machines/S1/secrets/comm_key")).status_code == 204
    assert (await Device(town).punch(LINE)).text == "OK: 1"
    short = await town.http.post("/attendance/v1/machines/S1/secrets", json={"kind": "comm_key", "value": "1"})
    assert short.status_code == 422


async def test_address_ranges_apply_beside_a_secret(town: City) -> None:
    await register(town, networks=["10.0.7.0/24"])
    await secret(town, kind="comm_key", value="314159265")
    assert (await Device(town, ComKey="314159265").punch(LINE)).text == "OK: 1"
    assert (await Device(town, OTHER, ComKey="314159265").punch(LINE)).status_code == 404
    assert (await Device(town, ComKey="1").punch(LINE)).status_code == 404
    await register(town, networks=[])
    assert (await Device(town, OTHER, ComKey="314159265").punch(LINE)).text == "OK: 1"


async def test_an_operator_chooses_among_several_addresses_that_wait_for_a_registration(town: City) -> None:
    await Device(town, serial="NEW1").punch(LINE)
    await Device(town, OTHER, "NEW1").punch("7\t2026-08-05 07:00:00\t255\t1")
    await register(town, "NEW1")
    assert await punches(town) == []
    assert {contact["address"] for contact in await refused(town)} == {OWN, OTHER}
    await town.http.post("/attendance/v1/machines/NEW1/addresses", json={"address": OWN})
    assert await punches(town) == ["2026-08-04 07:20:00"]


async def test_a_registration_with_ranges_imports_the_lines_from_these_ranges_only(town: City) -> None:
    await Device(town, serial="NEW1").punch(LINE)
    await Device(town, OTHER, "NEW1").punch("7\t2026-08-05 07:00:00\t255\t1")
    await register(town, "NEW1", networks=["10.0.9.0/24"])
    assert await punches(town) == ["2026-08-05 07:00:00"]


async def test_of_two_first_posts_at_once_one_pins_its_address(town: City, embedded_postgres: EmbeddedPostgres) -> None:
    url = town.service.context.settings.database
    async with city(embedded_postgres, database_url=url) as replica:
        for number in range(8):
            await register(town, f"TWIN{number}")
            devices = (Device(town, OWN, f"TWIN{number}"), Device(replica, OTHER, f"TWIN{number}"))
            answers = await asyncio.gather(*(device.punch(LINE) for device in devices))
            assert sorted(answer.status_code for answer in answers) == [200, 404]
