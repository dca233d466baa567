"""The running system as the sample sees it: an HTTP address and an operator's key."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx

from sample.office import OFFICE, Officer, Unit, roster_csv
from sample.shifts import PLANNED_DAYS, entries
from shared.http.client import async_client

__all__ = ["DOCKER_NETWORKS", "City", "repeated"]

DOCKER_NETWORKS = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
"""Source addresses of the sample's machines as the stack sees them: Docker may assign another address at each start."""

_TRIES = 30
PAUSE_SECONDS = 1.0


async def repeated(client: httpx.AsyncClient, method: str, path: str, **options: Any) -> httpx.Response:
    """Sends a request; repeats it after a 503 or a transport error, such as a keep-alive connection that the server closed.

    For idempotent requests only. Raises TransportError if the last attempt gets no response.
    """
    for number in range(1, _TRIES + 1):
        try:
            answer = await client.request(method, path, **options)
        except httpx.TransportError:
            if number == _TRIES:
                raise
        else:
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or number == _TRIES:
                break
        await asyncio.sleep(PAUSE_SECONDS)
    return answer


class City:
    """The sample's requests, all idempotent. Repeats them while the database is busy or down."""

    def __init__(self, url: str, operator_key: str, machine_networks: list[str] | None = None) -> None:
        self.url = url.rstrip("/")
        self._machine_networks = machine_networks
        limits = httpx.Limits(max_connections=32)
        self.public = async_client(self.url, timeout=30, limits=limits)
        headers = {"Authorization": f"Bearer {operator_key}"}
        self.operator = async_client(self.url, timeout=60, limits=limits, headers=headers)
        self.ids: dict[str, str] = {}
        """NIP → employee_id, from the imported roster."""

    async def close(self) -> None:
        await self.public.aclose()
        await self.operator.aclose()

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Sends an operator's request with `repeated`. Raises RuntimeError for an error status, else like `repeated`."""
        answer = await repeated(self.operator, method, path, **options)
        if answer.is_error:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer

    async def visit(self, officer: Officer, service: str) -> str:
        """Creates a visit and returns the URL of its form. The Idempotency-Key keeps a repeated request from creating two."""
        visit = {"employee_id": self.id_of(officer), "service": service}
        answer = await self.ask("POST", "/feedback/v1/visits", json=visit, headers={"Idempotency-Key": str(uuid4())})
        url: str = answer.json()["url"]
        return url

    async def pages(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All items of a paged list."""
        items: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            params = {**query, "limit": 500, **({"after": after} if after else {})}
            page = (await self.ask("GET", path, params=params)).json()
            items += page["items"]
            after = page["next"]
            if after is None:
                return items

    async def open_office(self, timezone: str, first: date, today: date) -> None:
        """Creates officers, shifts since `first`, machines and enrolments. Idempotent."""
        await self.ask("POST", "/attendance/v1/roster", content=roster_csv(), headers={"Content-Type": "text/csv"})
        self.ids = {item["nip"]: item["employee_id"] for item in await self.pages("/attendance/v1/employees")}
        for unit in OFFICE:
            if unit.by_roster:
                await self._write_roster(unit, first, today)
            machine = {
                "name": f"Mesin {unit.name}",
                "timezone": timezone,
                "direction_from": "shift",
                "networks": self._machine_networks,
                "org_unit_id": unit.org_unit_id,
            }
            await self.ask("PUT", f"/attendance/v1/machines/{unit.serial}", json=machine)
            for officer in unit.officers:
                await self.ask(
                    "PUT",
                    f"/attendance/v1/machines/{unit.serial}/enrolments/{officer.pin}",
                    json={"employee_id": self.id_of(officer), "valid_from": "2024-01-01"},
                )

    async def _write_roster(self, unit: Unit, first: date, today: date) -> None:
        """Runs before the first punch, so that no office hours are ever expected of night workers."""
        setting = {"org_unit_id": unit.org_unit_id, "by_roster": True, "effective_from": "2024-01-01"}
        await self.ask("PUT", f"/attendance/v1/by-roster/{uuid5(NAMESPACE_URL, unit.serial)}", json=setting)
        shifts = entries(unit, self.ids, first, today + timedelta(days=PLANNED_DAYS))
        await self.ask("POST", "/attendance/v1/shifts", json={"entries": shifts})

    def id_of(self, officer: Officer) -> str:
        return self.ids[officer.nip]

    def everyone(self) -> list[tuple[Unit, Officer]]:
        return [(unit, officer) for unit in OFFICE for officer in unit.officers]
