"""A machine proves its identity; others all get the same refusal, are listed, and change nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.access.signals import Signals
from services.attendance.machines.locked_machine import lock_machine
from services.attendance.machines.rules.proof import Refusal
from tests.integration.attendance.city import City, city, person

pytestmark = pytest.mark.embedded

OWN, OTHER = "10.0.7.5", "10.0.9.9"
SETUP = {"name": "Gerbang", "timezone": "Asia/Jakarta", "direction_from": "shift", "org_unit_id": "u1"}
LINE = "7\t2026-08-04 07:20:00\t255\t1"


class Device:
    """A device with an address and the host name that it calls."""

    def __init__(
        self, town: City, address: str = OWN, serial: str = "S1", host: str = "testserver", **key: str
    ) -> None:
        transport = httpx.ASGITransport(app=town.service.app, client=(address, 4711), raise_app_exceptions=False)
        self.host = host
        self._http = httpx.AsyncClient(transport=transport, base_url=f"http://{host}")
        self._query = {"SN": serial} | key

    async def ask(self, path: str, **query: str) -> httpx.Response:
        return await self._http.get(f"/iclock/{path}", params=self._query | query)

    async def post(self, *lines: str, path: str = "cdata", **query: str) -> httpx.Response:
        body = "".join(f"{line}\n" for line in lines).encode()
        return await self._http.post(f"/iclock/{path}", params=self._query | query, content=body)

    async def punch(self, *lines: str) -> httpx.Response:
        return await self.post(*lines, table="ATTLOG", Stamp="9999")

    async def poll_twice(self, town: City) -> None:
        for _ in range(2):
            after(town, seconds=24)
            await self.ask("getrequest")


def after(town: City, **by: int) -> None:
    assert town.clock is not None
    town.clock.advance(timedelta(**by))


@asynccontextmanager
async def settled(server: EmbeddedPostgres, **settings: Any) -> AsyncIterator[City]:
    """A town with an officer and the machine S1, which sent nothing yet."""
    async with city(server, **settings) as found:
        await found.import_lines(person())
        await register(found)
        await found.run("update machine set registered_at = timestamptz '2026-08-01'")
        yield found


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    async with settled(embedded_postgres) as found:
        yield found


async def register(town: City, serial: str = "S1", **changes: Any) -> None:
    answer = await town.http.put(f"/attendance/v1/machines/{serial}", json=SETUP | changes)
    assert answer.is_success, answer.text


async def machine(town: City) -> dict[str, Any]:
    (found,) = (await town.http.get("/attendance/v1/machines")).json()
    shown: dict[str, Any] = found
    return shown


async def refused(town: City) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await town.http.get("/attendance/v1/machines/refused")).json()
    return found


async def punches(town: City) -> list[str]:
    return [row.local_time.isoformat(" ") for row in await town.rows("select local_time from punch order by id")]


async def secret(town: City, **what: Any) -> dict[str, Any]:
    answer = await town.http.post("/attendance/v1/machines/S1/secrets", json=what)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_nobody_is_absent_by_the_polls_of_a_stranger(town: City) -> None:
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


async def test_a_stranger_s_punches_make_no_presence_and_wait_in_sight(town: City) -> None:
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


async def test_unknown_foreign_and_wrong_secret_get_the_same_answer_everywhere(
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


def shown(answer: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """What a client sees of an answer."""
    own = ("x-request-id", "date")
    return answer.status_code, answer.text, {name: v for name, v in answer.headers.items() if name not in own}


async def test_commands_and_their_results_are_the_proven_machine_s(town: City) -> None:
    await Device(town).punch(LINE)
    address = "/attendance/v1/machines/S1/commands"
    number = (await town.http.post(address, json={"kind": "check"})).json()["id"]
    assert number not in (await Device(town, OTHER).ask("getrequest")).text
    assert (await Device(town).ask("getrequest")).text == f"C:{number}:CHECK\n"
    await Device(town, OTHER).post(f"ID={number}&Return=0&CMD=CHECK", path="devicecmd")
    assert [row.return_code for row in await town.rows("select return_code from device_command")] == [None]
    await Device(town).post(f"ID={number}&Return=0&CMD=CHECK", path="devicecmd")
    assert [row.return_code for row in await town.rows("select return_code from device_command")] == [0]


async def test_the_first_post_pins_the_address_and_until_then_nothing_is_believed(town: City) -> None:
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


async def test_what_was_not_the_machine_is_taken_off_the_list_and_never_becomes_a_punch(town: City) -> None:
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


async def test_a_secret_may_count_from_its_first_use_on(town: City) -> None:
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


async def test_a_comm_key_is_asked_for_in_each_request(town: City) -> None:
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


async def test_ranges_hold_beside_a_secret(town: City) -> None:
    await register(town, networks=["10.0.7.0/24"])
    await secret(town, kind="comm_key", value="314159265")
    assert (await Device(town, ComKey="314159265").punch(LINE)).text == "OK: 1"
    assert (await Device(town, OTHER, ComKey="314159265").punch(LINE)).status_code == 404
    assert (await Device(town, ComKey="1").punch(LINE)).status_code == 404
    await register(town, networks=[])
    assert (await Device(town, OTHER, ComKey="314159265").punch(LINE)).text == "OK: 1"


async def test_of_several_addresses_that_wait_for_a_registration_an_operator_chooses(town: City) -> None:
    await Device(town, serial="NEW1").punch(LINE)
    await Device(town, OTHER, "NEW1").punch("7\t2026-08-05 07:00:00\t255\t1")
    await register(town, "NEW1")
    assert await punches(town) == []
    assert {contact["address"] for contact in await refused(town)} == {OWN, OTHER}
    await town.http.post("/attendance/v1/machines/NEW1/addresses", json={"address": OWN})
    assert await punches(town) == ["2026-08-04 07:20:00"]


async def test_a_registration_with_ranges_takes_the_lines_of_these_only(town: City) -> None:
    await Device(town, serial="NEW1").punch(LINE)
    await Device(town, OTHER, "NEW1").punch("7\t2026-08-05 07:00:00\t255\t1")
    await register(town, "NEW1", networks=["10.0.9.0/24"])
    assert await punches(town) == ["2026-08-05 07:00:00"]


async def test_only_networks_of_machines_are_heard(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres, machine_networks="10.0.7.0/24, 10.1.0.0/16") as town:
        await register_unit(town)
        assert (await Device(town).punch(LINE)).text == "OK: 1"
        outside = await Device(town, "203.0.113.9").punch(LINE)
        stranger = await Device(town, serial="NOBODY").punch(LINE)
        assert (outside.status_code, outside.text) == (stranger.status_code, stranger.text)
        assert "203.0.113.9" not in {contact["address"] for contact in await refused(town)}


async def register_unit(town: City) -> None:
    await town.import_lines(person())
    await register(town)


async def test_two_addresses_at_a_time_are_a_signal_until_it_is_ended(town: City) -> None:
    await Device(town).punch(LINE)
    after(town, minutes=11)
    await Device(town, OTHER).ask("getrequest")
    assert (await machine(town))["signals"] == []
    await Device(town).ask("getrequest")
    await Device(town, OTHER).ask("getrequest")
    (signal,) = (await machine(town))["signals"]
    assert (signal["kind"], signal["times"], OTHER in signal["detail"]) == ("TWO_ADDRESSES", 1, True)
    end = "/attendance/v1/machines/S1/signals/TWO_ADDRESSES"
    assert (await town.http.delete(end)).status_code == 204
    assert (await town.http.delete(end)).status_code == 404
    assert (await machine(town))["signals"] == []


async def test_a_machine_with_a_secret_that_speaks_from_two_places_is_a_signal(town: City) -> None:
    await secret(town, kind="comm_key", value="314159265")
    await Device(town, ComKey="314159265").punch(LINE)
    after(town, minutes=11)
    await Device(town, OTHER, ComKey="314159265").ask("getrequest")
    assert (await machine(town))["signals"] == []
    after(town, minutes=1)
    await Device(town, ComKey="314159265").punch(LINE)
    (signal,) = (await machine(town))["signals"]
    assert (signal["kind"], signal["detail"]) == ("TWO_ADDRESSES", f"from {OTHER} and from {OWN}")


async def test_more_punches_than_a_door_lets_through_are_a_signal(town: City) -> None:
    crowd = [f"{n}\t2026-08-05 19:59:{n % 60:02}\t255\t1" for n in range(61)]
    await Device(town).punch(*crowd[:60])
    await town.service.app.part(Signals).round()
    assert (await machine(town))["signals"] == []
    await Device(town).punch(crowd[60])
    await town.service.app.part(Signals).round()
    (signal,) = (await machine(town))["signals"]
    assert (signal["kind"], signal["detail"].startswith("61 punches")) == ("PUNCH_RATE", True)
    metrics = (await town.http.get("/attendance/metrics")).text
    assert 'kinerja_machine_signals{kind="PUNCH_RATE"} 1.0' in metrics


async def test_refused_contacts_are_counted_by_reason_until_an_operator_decides(town: City) -> None:
    async def counted() -> dict[str, float]:
        await town.service.app.part(Signals).round()
        metrics = (await town.http.get("/attendance/metrics")).text
        return {
            reason: float(count)
            for reason, count in re.findall(
                r'^kinerja_refused_contacts\{reason="(\w+)"\} (\S+)$', metrics, re.MULTILINE
            )
        }

    await Device(town).punch(LINE)
    assert await counted() == {"UNREGISTERED_SERIAL": 0, "OTHER_ADDRESS": 0, "WRONG_SECRET": 0}
    await Device(town, OTHER).punch(LINE)
    assert await counted() == {"UNREGISTERED_SERIAL": 0, "OTHER_ADDRESS": 1, "WRONG_SECRET": 0}
    answer = await town.http.delete("/attendance/v1/machines/S1/refused", params={"address": OTHER})
    assert answer.status_code == 204
    assert (await counted())["OTHER_ADDRESS"] == 0


async def test_a_count_that_the_machine_s_own_contradicts_is_a_signal(town: City) -> None:
    device = Device(town)
    await device.punch(LINE)
    await device.ask("getrequest", INFO="Ver 6.60,3,1,100,10.0.7.5")
    for minute in range(1, 5):
        after(town, minutes=1)
        await device.punch(f"7\t2026-08-05 20:0{minute}:00\t255\t1")
    await device.ask("getrequest", INFO="Ver 6.60,3,1,104,10.0.7.5")
    assert (await machine(town))["signals"] == []
    for minute in range(5, 9):
        after(town, minutes=1)
        await device.punch(f"7\t2026-08-05 20:0{minute}:00\t255\t1")
    await device.ask("getrequest", INFO="Ver 6.60,4,1,105,10.0.7.5")
    (signal,) = (await machine(town))["signals"]
    assert (signal["kind"], signal["detail"]) == ("COUNT_CONTRADICTS", "4 punches came, the machine recorded 1")


async def test_invented_serials_keep_no_new_machine_out(town: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.http.rates.Bucket.full", lambda *_: False)
    for number in range(1_000):
        await Device(town, OTHER, f"FAKE{number}").ask("ping")
    await Device(town, OWN, "NEW1").punch(LINE)
    found = (await town.http.get("/attendance/v1/machines/unknown")).json()
    assert "NEW1" in {contact["serial"] for contact in found}
    assert len([contact for contact in found if contact["address"] == OTHER]) == 50


async def test_the_contact_that_was_heard_longest_ago_makes_room(town: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.http.rates.Bucket.full", lambda *_: False)
    await town.run(
        "insert into refused_contact select 'OLD' || n, '10.8.' || n / 250 || '.' || n % 250, 'UNREGISTERED_SERIAL',"
        " now(), timestamptz '2026-08-01' + n * interval '1 second', 1, null, 0, 0 from generate_series(0, 1999) n"
    )
    await Device(town, serial="NEW1").punch(LINE)
    rows = await town.rows("select serial from refused_contact where serial in ('OLD0', 'OLD1', 'NEW1') order by 1")
    assert [row.serial for row in rows] == ["NEW1", "OLD1"]


async def test_who_guesses_serials_is_not_looked_up_any_more_and_the_machine_is(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with settled(embedded_postgres, refusals_per_minute=9) as town:
        await Device(town).punch(LINE)
        looked_up = [shown(await Device(town, OWN, f"FAKE{number}").ask("ping")) for number in range(3)]
        count = "select count(*) from refused_contact"
        before = (await town.rows(count))[0][0]
        assert before == len(looked_up)
        assert shown(await Device(town, OWN, "FAKE100").ask("ping")) == looked_up[0]
        assert (await town.rows(count))[0][0] == before
        assert (await Device(town).punch("7\t2026-08-04 16:20:00\t255\t1")).text == "OK: 1"


async def test_a_machine_that_sends_too_much_is_told_to_keep_it(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres, journal_bytes_per_day=1_048_576, unusable_lines_per_machine=3) as town:
        await register_unit(town)
        lines = [f"{n}\t2026-08-04 07:20:00\t255\t1\t{'x' * 1_000}" for n in range(700)]
        assert (await Device(town).punch(*lines)).text == "OK: 700"
        over = await Device(town).punch(*lines)
        assert (over.status_code, over.headers["retry-after"]) == (429, "300")
        assert {signal["kind"] for signal in (await machine(town))["signals"]} == {"QUOTA"}
        after(town, days=1)
        assert (await Device(town).punch(*lines)).text == "OK: 700"
        assert (await Device(town).punch("a", "b", "c", LINE)).text == "OK: 4"
        assert (await Device(town).punch("d", "Z7\t2026-08-04 16:20:00\t255\t1")).status_code == 429
        assert await town.rows("select 1 from punch where pin = 'Z7'") == []


async def test_of_two_first_posts_at_once_one_is_the_machine(town: City, embedded_postgres: EmbeddedPostgres) -> None:
    url = town.service.context.settings.database
    async with city(embedded_postgres, database_url=url) as replica:
        for number in range(8):
            await register(town, f"TWIN{number}")
            devices = (Device(town, OWN, f"TWIN{number}"), Device(replica, OTHER, f"TWIN{number}"))
            answers = await asyncio.gather(*(device.punch(LINE) for device in devices))
            assert sorted(answer.status_code for answer in answers) == [200, 404]


async def test_a_stranger_does_not_learn_that_the_machine_uploads(town: City) -> None:
    await Device(town).punch(LINE)
    async with town.service.context.database.transaction() as session:
        assert await lock_machine(session, "S1", town.service.context.clock.now()) is not None
        async with asyncio.timeout(3):  # a wait for a locked row ends after four seconds with another answer
            answers = [await Device(town, OTHER, serial).ask("getrequest") for serial in ("S1", "NOPE")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "TWO_ADDRESSES" in str((await machine(town))["signals"])


async def test_a_query_of_too_many_parts_is_refused(town: City) -> None:
    many = {f"a{number}": "1" for number in range(60)}
    for answer in (await Device(town, OTHER).ask("getrequest", **many), await Device(town, OTHER).post(LINE, **many)):
        assert answer.status_code == 400
        assert "50 parameters" in answer.text


async def test_a_post_without_a_length_is_not_thanked_for(town: City) -> None:
    device = Device(town)
    request = device._http.build_request("POST", "/iclock/cdata?SN=S1&table=ATTLOG", content=f"{LINE}\n".encode())
    del request.headers["content-length"]
    assert (await device._http.send(request)).status_code == 411
    assert (await device.punch(LINE)).text == "OK: 1"
