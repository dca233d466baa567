"""Punches as JSON: rows are independent, duplicates are harmless, lists are paged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.attendance.city import City, local

pytestmark = pytest.mark.embedded

URL = "/attendance/v1/punches"


async def send(town: City, *rows: Any, **more: Any) -> list[dict[str, Any]]:
    # ASCII JSON can carry half a surrogate pair, and JSON parsers accept it.
    body = json.dumps({"serial": "M1", "rows": list(rows)} | more)
    answer = await town.http.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [result["index"] for result in results] == list(range(len(rows)))
    return results


async def test_a_bad_row_does_not_refuse_the_others(town: City) -> None:
    officer = (await town.officer())["employee_id"]
    who = {"employee_id": officer, "valid_from": "2026-08-01"}
    await town.http.put("/attendance/v1/machines/M1/enrolments/0071", json=who)
    good = {"pin": "0071", "local_time": "2026-08-04T07:00:00", "status": 0, "verify": 15}
    results = await send(
        town,
        good,
        {"pin": "71", "at": "2026-08-04T07:00:00.9+07:00"},
        "nonsense",
        {"pin": "0071"},
        {"pin": "a\x00b", "local_time": "2026-08-04T07:00:00"},
        {"pin": "0071", "local_time": "2026-08-04T07:00:00", "at": "2026-08-04T07:00:00Z"},
        {"pin": "0071", "local_time": "2026-08-04T07:00:00", "status": 40_000},
        {"pin": "0071", "local_time": "2026-08-04T07:00:00", "\ud800" * 400: 1},
        good,
        {"pin": "0071", "local_time": "2026-08-07T07:00:00"},
    )
    assert [r["result"] for r in results] == ["accepted", "accepted", *["refused"] * 6, "duplicate", "accepted"]
    assert all(r["reason"] for r in results if r["result"] == "refused")
    assert [results[n]["flags"] for n in (0, 1, 9)] == [[], ["unknown_pin"], ["future"]]
    rows = await town.rows("select pin, at, verify, counted from punch where pin = '71'")
    assert (rows[0].at, rows[0].verify, rows[0].counted) == (local("2026-08-04 07:00"), -1, True)
    again = await send(town, good)
    assert [r["result"] for r in again] == ["duplicate"]
    assert len(await town.rows("select 1 from day_queue")) >= 1


async def test_the_same_punch_by_both_ways_is_one(town: City) -> None:
    body = b"5\t2026-08-04 07:00:00\t0\t1"
    await town.http.post("/iclock/cdata", params={"SN": "M1", "table": "ATTLOG"}, content=body)
    (result,) = await send(town, {"pin": "5", "at": "2026-08-04T00:00:00Z", "status": 0, "verify": 1})
    assert result["result"] == "duplicate"


async def test_punches_of_an_unregistered_serial_are_refused(town: City) -> None:
    answer = await town.http.post(URL, json={"serial": "M9", "rows": []})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert await town.rows("select 1 from upload") == []


async def test_only_the_senders_statement_moves_the_watermark(town: City) -> None:
    mark = "select complete_until from machine"
    await send(town, {"pin": "5", "local_time": "2026-08-04T07:00:00"})
    assert (await town.rows(mark))[0].complete_until is None
    await send(town, complete_until="2026-08-04T20:00:00+07:00")
    await send(town, complete_until="2026-08-03T20:00:00+07:00")
    assert (await town.rows(mark))[0].complete_until == local("2026-08-04 20:00")
    late = {"serial": "M1", "rows": [], "complete_until": "2026-08-09T20:00:00+07:00"}
    assert (await town.http.post(URL, json=late)).status_code == 422


async def test_a_list_can_be_read_page_by_page_to_its_end(town: City) -> None:
    await send(town, *({"pin": str(n), "local_time": f"2026-08-04T07:00:{n:02}"} for n in range(5)))
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        params = {"serial": "M1", "limit": 2} | ({"after": cursor} if cursor else {})
        page = (await town.http.get(URL, params=params)).json()
        seen += [item["pin"] for item in page["items"]]
        cursor = page["next"]
    assert (seen, cursor) == (["0", "1", "2", "3", "4"], None)
    first = (await town.http.get(URL, params={"limit": 1})).json()["items"][0]
    assert (first["verify"], first["employee_id"], first["flags"]) == (None, None, ["unknown_pin"])
    assert (await town.http.get(URL, params={"serial": "M2"})).json() == {"items": [], "next": None}
    assert (await town.http.get(URL, params={"after": "zzz"})).status_code == 422
