"""Requests of the machine M1, for the tests of the machines' protocol."""

from __future__ import annotations

from typing import Any

import httpx

from tests.integration.attendance.city import City

__all__ = ["machine_row", "poll", "post"]


async def post(town: City, *lines: str, sn: str = "M1", table: str = "ATTLOG", end: str = "\n") -> httpx.Response:
    body = "".join(line + end for line in lines).encode()
    return await town.http.post("/iclock/cdata", params={"SN": sn, "table": table, "Stamp": "9999"}, content=body)


async def poll(town: City, sn: str = "M1", **more: str) -> httpx.Response:
    return await town.http.get("/iclock/getrequest", params={"SN": sn, **more})


async def machine_row(town: City) -> Any:
    return (await town.rows("select * from machine where serial = 'M1'"))[0]
