"""No post acknowledged with OK is dropped: data of old firmware or an unknown table is used or quarantined."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.integration.attendance.city import City

pytestmark = pytest.mark.embedded

PUNCHES = "12\t2026-08-04 07:58:03\t0\t1\n12\t2026-08-04 16:05:10\t1\t1\n"


async def post(town: City, body: str, **query: str) -> httpx.Response:
    return await town.http.post("/iclock/cdata", params={"SN": "M1"} | query, content=body.encode())


async def waiting(town: City) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await town.http.get("/attendance/v1/quarantine")).json()["items"]
    return items


@pytest.mark.parametrize("query", [{"Stamp": "289515406"}, {"ATTLOGStamp": "1"}, {"OpStamp": "1"}, {}])
async def test_punches_without_a_table_are_punches(town: City, query: dict[str, str]) -> None:
    assert (await post(town, PUNCHES, **query)).text == "OK: 2"
    assert [row.status for row in await town.rows("select status from punch order by id")] == [0, 1]
    (journal,) = await town.rows("select kind, body, stamp from upload")
    assert (journal.kind, bytes(journal.body).decode()) == ("ATTLOG", PUNCHES)


async def test_menu_events_without_a_table_are_menu_events(town: City) -> None:
    body = "OPLOG 23\t1\t2026-08-04 09:00:00\t0\t0\t0\t0\nUSER PIN=7\tPasswd=4711\n"
    assert (await post(town, body, OpStamp="1")).text == "OK: 2"
    assert [row.code for row in await town.rows("select code from oper_event order by id")] == [23, None]
    (journal,) = await town.rows("select body from upload")
    assert b"4711" not in bytes(journal.body)


async def test_unreadable_lines_without_a_table_are_listed_for_the_operator(town: City) -> None:
    assert (await post(town, "12;2026-08-04 07:58:03;0\nx\n", Stamp="1")).text == "OK: 2"
    assert [item["line"] for item in await waiting(town)] == ["12;2026-08-04 07:58:03;0", "x"]


async def test_an_unknown_table_is_stored_without_personal_secrets(town: City) -> None:
    body = "door=1\tstate=open\nPIN=7\tTMP=AAAA\ndoor=1\tstate=shut\n"
    for _ in range(2):
        assert (await post(town, body, table="DOORLOG")).text == "OK: 3"
    kept = await waiting(town)
    assert [(item["kind"], item["line"], item["reason"]) for item in kept] == [
        ("DOORLOG", "door=1\tstate=open", "NOT_UNDERSTOOD"),
        ("DOORLOG", "door=1\tstate=shut", "NOT_UNDERSTOOD"),
    ]
    assert await town.rows("select 1 from quarantine where raw like '%TMP%'::bytea") == []


async def test_punches_of_the_access_dialect_are_refused_and_stored(town: City) -> None:
    line = "time=2026-08-04 07:30:00\tpin=7\tcardno=0\teventaddr=1\tevent=0\tinoutstatus=0\tverifytype=1\tindex=21"
    answer = await post(town, f"{line}\n", table="rtlog")
    assert (answer.status_code, "T&A PUSH" in answer.text) == (406, True)
    (kept,) = await waiting(town)
    assert (kept["kind"], kept["line"], kept["reason"]) == ("RTLOG", line, "ACCESS_DIALECT")
    user = await town.http.post(
        "/iclock/cdata", params={"SN": "M1", "table": "tabledata"}, content=b"user pin=1\tname=Siti\n"
    )
    assert user.status_code == 406
    assert len(await waiting(town)) == 1


async def test_a_post_without_a_table_from_an_unregistered_machine_waits_by_its_content(town: City) -> None:
    answer = await town.http.post("/iclock/cdata", params={"SN": "NEW1", "Stamp": "1"}, content=PUNCHES.encode())
    assert answer.status_code == 404
    setup = {"name": "Gerbang", "timezone": "Asia/Jakarta", "direction_from": "status"}
    assert (await town.http.put("/attendance/v1/machines/NEW1", json=setup)).status_code == 201
    assert len(await town.rows("select 1 from punch where serial = 'NEW1'")) == 2
