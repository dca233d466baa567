"""Devices that connect to the city as machines, for the tests of access."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx

from embedded.postgres import EmbeddedPostgres
from tests.integration.attendance.city import City, city, person

__all__ = [
    "LINE",
    "OTHER",
    "OWN",
    "SETUP",
    "Device",
    "after",
    "machine",
    "punches",
    "refused",
    "register",
    "register_unit",
    "secret",
    "settled",
    "shown",
]

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
        self.http = httpx.AsyncClient(transport=transport, base_url=f"http://{host}")
        self.query = {"SN": serial} | key

    async def ask(self, path: str, **query: str) -> httpx.Response:
        return await self.http.get(f"/iclock/{path}", params=self.query | query)

    async def post(self, *lines: str, path: str = "cdata", **query: str) -> httpx.Response:
        body = "".join(f"{line}\n" for line in lines).encode()
        return await self.http.post(f"/iclock/{path}", params=self.query | query, content=body)

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


def shown(answer: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """What a client sees of an answer."""
    own = ("x-request-id", "date")
    return answer.status_code, answer.text, {name: v for name, v in answer.headers.items() if name not in own}


async def register_unit(town: City) -> None:
    await town.import_lines(person())
    await register(town)
