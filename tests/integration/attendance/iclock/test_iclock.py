"""Posts of several firmwares, sent through the real routes into a real database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.integration.attendance.city import City, local
from tests.integration.attendance.iclock.requests import machine_row, post

pytestmark = pytest.mark.embedded

# One line of each kind of firmware, and the number of its columns.
FIRMWARES = (
    "12\t2026-08-04 07:58:03\t0\t1",
    "00077\t2026-08-04 07:31:44\t0\t1\t0",
    "1203\t2026-08-04 16:05:10\t1\t1\t0\t0\t0",
    "1204\t2026-08-04 16:05:10\t255\t1\t\t0\t0\t17",
    "5\t2026-08-04 05:10:11\t0\t1\t\t0\t0\t",
    "6\t2026-08-04 08:01:00\t255\t15\t0\t0\t0\t0\t911",
    "7\t2026-08-04 08:01:00\t0\t15\t0\t0\t0\t255\t0\t0",
    "8\t2026-08-04 08:01:00\t1\t15\t\t0\t~\t\t\t44",
    "9\t2026-08-04 08:01:00\t255\t15\t0\t0\t0\t0\t0\t0\t",
    "10\t2026-08-04 08:02:00",
)


async def test_every_firmware_s_line_becomes_one_punch(town: City) -> None:
    answer = await post(town, *FIRMWARES)
    assert (answer.status_code, answer.text) == (200, f"OK: {len(FIRMWARES)}")
    assert answer.headers["content-type"].startswith("text/plain")
    rows = await town.rows("select pin, status, verify, at, work_code, extra from punch order by id")
    assert [row.pin for row in rows] == ["12", "00077", "1203", "1204", "5", "6", "7", "8", "9", "10"]
    assert rows[0].at == local("2026-08-04 07:58:03")
    assert (rows[7].work_code, rows[7].extra) == (None, "\t\t44")
    assert (rows[9].status, rows[9].verify) == (255, -1)
    journal = await town.rows("select body, lines, stamp from upload")
    assert bytes(journal[0].body).decode().splitlines() == list(FIRMWARES)
    assert (journal[0].lines, journal[0].stamp) == (len(FIRMWARES), "9999")


async def test_copies_are_acknowledged_in_full_and_stored_once(town: City) -> None:
    line = "12\t2026-08-04 07:58:03\t0\t1\t0\t0\t0"
    first = await post(town, line, line)
    again = await post(town, line + "\t255\t36.5", "12\t2026-08-04 07:58:04\t0\t1", end="\r\n")
    assert (first.text, again.text) == ("OK: 2", "OK: 2")
    rows = await town.rows("select local_time, extra from punch order by local_time")
    assert [(row.local_time.second, row.extra) for row in rows] == [(3, None), (4, None)]


async def test_an_unreadable_line_is_quarantined_and_the_others_are_stored(town: City) -> None:
    bad = [
        "PIN=3 DateTime=2026-08-04",
        "4\tyesterday\t0",
        "5\t2026-08-04 07:00\x00:00\t0",
        "\ufffd\t2026-08-04 07:00:00",
    ]
    answer = await post(town, bad[0], "12\t2026-08-04 07:58:03\t0\t1", *bad[1:], "", "  ")
    assert answer.text == "OK: 5"
    assert [row.pin for row in await town.rows("select pin from punch")] == ["12"]
    listed = (await town.http.get("/attendance/v1/quarantine", params={"serial": "M1", "limit": 3})).json()
    assert [item["reason"] for item in listed["items"]] == ["KEY_VALUE_PAIRS", "TIME_INVALID", "NUL_BYTE"]
    assert "\u2400" in listed["items"][2]["line"]
    rest = (await town.http.get("/attendance/v1/quarantine", params={"after": listed["next"]})).json()
    assert ([item["reason"] for item in rest["items"]], rest["next"]) == (["UNDECODABLE"], None)
    assert (await post(town, *bad)).text == "OK: 4"
    assert len(await town.rows("select 1 from quarantine")) == 4


async def test_parameter_names_are_case_insensitive_and_data_comes_before_the_handshake(town: City) -> None:
    query = {"sn": " M1 ", "Table": " attlog", "options": "all"}
    answer = await town.http.post("/iclock/cdata.aspx", params=query, content=b"1\t2026-08-04 07:00:00")
    assert answer.text == "OK: 1"


async def test_the_handshake_tells_the_machine_its_zone(town: City) -> None:
    await town.run("update machine set timezone = 'Asia/Kolkata'")
    answer = await town.http.get("/iclock/cdata", params={"SN": "M1", "options": "all", "pushver": "2.4.1"})
    assert answer.text.startswith("GET OPTION FROM: M1\n")
    assert "\nTimeZone=330\n" in answer.text
    assert (await machine_row(town)).push_version == "2.4.1"
    time = await town.http.get("/iclock/cdata", params={"SN": "M1", "type": "time"})
    assert time.text == "Time=2026-08-05T18:30:00+05:30"


@pytest.mark.parametrize("serial", ["", "a b", "../x", "x" * 65, "a\x00b"])
async def test_a_malformed_serial_is_refused(town: City, serial: str) -> None:
    assert (await town.http.get("/iclock/cdata", params={"SN": serial, "options": "all"})).status_code == 400


async def test_an_unregistered_machine_gets_no_options_and_its_lines_wait_for_registration(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    hello = await town.http.get("/iclock/cdata", params={"SN": "NEW1", "options": "all"})
    assert (hello.status_code, "OPTION" in hello.text) == (404, False)
    lines = ["7\t2026-08-04 07:20:00\t0\t1", "7\t2026-08-04 16:20:00\t1\t1", "broken"]
    for _ in range(2):  # refused, so the machine keeps them; stored here in case it does not
        assert (await post(town, *lines, sn="NEW1")).status_code == 404
    (unknown,) = (await town.http.get("/attendance/v1/machines/unknown")).json()
    assert (unknown["serial"], unknown["requests"], unknown["kept_lines"]) == ("NEW1", 3, 3)
    waiting = (await town.http.get("/attendance/v1/quarantine", params={"serial": "NEW1"})).json()["items"]
    assert {item["reason"] for item in waiting} == {"UNREGISTERED_SERIAL"}
    assert await town.rows("select 1 from punch") == []
    setup = {"name": "Gerbang", "timezone": "Asia/Jakarta", "direction_from": "status", "org_unit_id": "u1"}
    assert (await town.http.put("/attendance/v1/machines/NEW1", json=setup)).status_code == 201
    left = (await town.http.get("/attendance/v1/quarantine", params={"serial": "NEW1"})).json()["items"]
    assert [(item["line"], item["reason"]) for item in left] == [("broken", "TOO_FEW_COLUMNS")]
    assert (await town.http.get("/attendance/v1/machines/unknown")).json() == []
    who = {"employee_id": officer, "valid_from": "2026-08-01"}
    assert (await town.http.put("/attendance/v1/machines/NEW1/enrolments/7", json=who)).status_code == 204
    await town.work()
    day = (await town.day(officer, "2026-08-04"))["day"]
    assert (day["first_in"], day["last_out"]) == ("2026-08-04T07:20:00+07:00", "2026-08-04T16:20:00+07:00")


async def test_an_unregistered_machine_cannot_fill_the_disk(town: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.attendance.access.unregistered_machines.LINES_OF_CONTACT_MAX", 3)
    lines = [f"{n}\t2026-08-04 07:20:00\t0\t1" for n in range(4)]
    for _ in range(2):
        assert (await post(town, *lines, sn="NEW1")).status_code == 404
    assert [row.line[0] for row in await town.rows("select line from quarantine order by id")] == ["0", "1", "2"]


async def test_unregistered_machines_together_cannot_fill_the_disk(town: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.attendance.access.unregistered_machines.LINES_MAX", 3)
    lines = [f"{n}\t2026-08-04 07:20:00\t0\t1" for n in range(2)]
    for serial in ("NEW1", "NEW2"):
        assert (await post(town, *lines, sn=serial)).status_code == 404
    kept = await town.rows("select serial, count(*) as lines from quarantine group by 1 order by 1")
    assert [tuple(row) for row in kept] == [("NEW1", 2), ("NEW2", 1)]


async def test_menu_events_are_stored_without_secrets(town: City) -> None:
    secret = "USER PIN=7\tName=Siti\tPri=0\tPasswd=4711\tCard=[0A]\tGrp=1"
    answer = await post(
        town, "OPLOG 21\t1\t2026-08-04 09:00:00\t0\t0\t0\t0", secret, "FP PIN=7\tTMP=AAAA", table="OPERLOG"
    )
    assert answer.text == "OK: 3"
    events = await town.rows("select tag, code, who, audit from oper_event order by id")
    assert [tuple(event) for event in events] == [
        ("OPLOG", 21, "1", True),
        ("USER", None, "7", False),
        ("FP", None, "7", False),
    ]
    (journal,) = await town.rows("select body from upload")
    for word in (b"Siti", b"4711", b"0A", b"AAAA"):
        assert word not in bytes(journal.body)


async def test_a_copied_menu_event_does_not_set_the_clock_again(town: City) -> None:
    events = ["OPLOG 0\t0\t2026-08-04 08:00:00\t0\t0\t0\t0", "OPLOG 21\t1\t2026-08-04 09:00:00\t0\t0\t0\t0"]
    await post(town, *events, "USER PIN=7", table="OPERLOG")
    await post(town, "12\t2026-08-06 07:00:00\t255\t1")
    assert (await post(town, *events, "USER PIN=7", table="OPERLOG")).text == "OK: 3"
    assert len(await town.rows("select 1 from oper_event")) == 3
    assert (await machine_row(town)).clock_wrong_since is not None


async def test_templates_and_photos_are_acknowledged_and_not_stored(town: City) -> None:
    assert (await post(town, "BIODATA Pin=7\tTmp=AAAA", table="BIODATA")).text == "OK: 1"
    photo = b"PIN=20260804074501-33.jpg\nSN=M1\nsize=3\nCMD=uploadphoto\x00\xff\xd8\xff"
    for path, table in (("cdata", "OPERLOG"), ("cdata", "ATTLOG"), ("fdata", "ATTPHOTO")):
        answer = await town.http.post(f"/iclock/{path}", params={"SN": "M1", "table": table}, content=photo)
        assert (answer.status_code, answer.text) == (200, "OK")
    for table in ("upload", "quarantine", "oper_event", "punch"):
        assert await town.rows(f"select 1 from {table}") == []


async def test_the_access_dialect_is_refused_and_shown_to_the_operator(town: City) -> None:
    answer = await town.http.post("/iclock/registry", params={"SN": "M1"}, content=b"DeviceType=acc")
    assert (answer.status_code, "T&A PUSH" in answer.text) == (406, True)
    assert (await post(town, "time=x", table="rtlog")).status_code == 406
    (machine,) = (await town.http.get("/attendance/v1/machines")).json()
    assert machine["dialect"] == "access"
    await town.http.get("/iclock/cdata", params={"SN": "M1", "options": "all"})
    assert (await machine_row(town)).dialect is None


async def test_lines_that_come_during_the_registration_are_not_left_waiting(town: City) -> None:
    setup = {"name": "Gerbang", "timezone": "Asia/Jakarta", "direction_from": "shift"}
    posts = [post(town, f"7\t2026-08-04 07:00:{n:02}\t0\t1", sn="NEW1") for n in range(6)]
    answers = await asyncio.gather(*posts[:3], town.http.put("/attendance/v1/machines/NEW1", json=setup), *posts[3:])
    assert answers.pop(3).status_code == 201
    assert {answer.status_code for answer in answers} <= {200, 404}
    assert len(await town.rows("select 1 from punch where serial = 'NEW1'")) == 6
    assert await town.rows("select 1 from quarantine where resolved_at is null") == []


async def test_a_burst_of_eight_thousand_lines_loses_nothing(town: City) -> None:
    start = local("2026-08-04 00:00:00").astimezone(town.service.context.zone)
    lines = [f"{n % 400}\t{start + timedelta(seconds=n):%Y-%m-%d %H:%M:%S}\t255\t1\t0\t0\t0" for n in range(8_000)]
    assert (await post(town, *lines)).text == "OK: 8000"
    assert (await post(town, *lines)).text == "OK: 8000"
    assert (await town.rows("select count(*) as n, count(distinct local_time) as m from punch"))[0] == (8_000, 8_000)
