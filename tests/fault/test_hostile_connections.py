"""Fifty hostile connections: attendance stays within its container's memory and still answers the real machines."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from datetime import datetime, timedelta

import asyncpg
import httpx
import pytest
import yaml

from embedded.postgres import EmbeddedPostgres
from tests.fault.attendance_process import ROOT, attendance
from tests.fixtures.services import OPERATOR_KEY

pytestmark = [pytest.mark.fault, pytest.mark.embedded, pytest.mark.timeout(600)]

MACHINES = 6
PHASE_SECONDS = 12.0
ROUNDS_MAX = 3
SLOWER_MAX = 3.0
QUIET_MS_MIN = 10.0
"""Below this, noise of a shared machine decides the result."""


class Machines:
    """Real machines, each pushing punches for the given seconds, and the time of each answer."""

    def __init__(self, port: int) -> None:
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30)
        self._moment = datetime(2026, 1, 5, 7, 0)  # noqa: DTZ001 - a machine's local time
        self.sent = 0

    async def register(self) -> None:
        setup = {"name": "test", "timezone": "Asia/Jakarta", "direction_from": "shift"}
        headers = {"Authorization": f"Bearer {OPERATOR_KEY}"}
        for number in range(MACHINES):
            path = f"/attendance/v1/machines/REAL{number}"
            (await self._http.put(path, json=setup, headers=headers)).raise_for_status()

    async def push(self, seconds: float) -> list[float]:
        took: list[float] = []
        ends = time.monotonic() + seconds

        async def one(number: int) -> None:
            while time.monotonic() < ends:
                self._moment += timedelta(seconds=1)
                query = {"SN": f"REAL{number}", "table": "ATTLOG", "Stamp": "9999"}
                began = time.perf_counter()
                answer = await self._http.post("/iclock/cdata", params=query, content=f"7\t{self._moment}\t255\t1\n")
                took.append(time.perf_counter() - began)
                assert answer.text == "OK: 1"
                self.sent += 1
                await asyncio.sleep(0.1)

        await asyncio.gather(*(one(number) for number in range(MACHINES)))
        return took


def p99_ms(took: list[float]) -> float:
    return statistics.quantiles(took, n=100)[98] * 1_000


async def test_real_machines_are_answered_within_the_containers_memory(embedded_postgres: EmbeddedPostgres) -> None:
    limit = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["attendance"]["mem_limit"]
    assert limit == "256m"
    async with attendance(embedded_postgres) as (port, process, url):
        machines = Machines(port)
        await machines.register()
        await machines.push(2)
        ratios, peak = [], 0
        for _ in range(ROUNDS_MAX):
            quiet = max(p99_ms(await machines.push(PHASE_SECONDS)), QUIET_MS_MIN)
            command = [sys.executable, "-m", "tests.fault.hostile_clients", str(port), str(PHASE_SECONDS + 3), "REAL1"]
            hostile = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
            await asyncio.sleep(1.5)
            pushing = asyncio.create_task(machines.push(PHASE_SECONDS))
            while not pushing.done():
                peak = max(peak, process.memory_info().rss)
                await asyncio.sleep(0.1)
            attacked = p99_ms(await pushing)
            opened = int((await hostile.communicate())[0])
            assert opened >= 50
            ratios.append(attacked / quiet)
            print(f"p99 quiet {quiet:.1f} ms, attacked {attacked:.1f} ms, {opened} connections, peak {peak >> 20} MiB")
            if ratios[-1] <= SLOWER_MAX:
                break
        assert peak < 256 * 1_048_576
        assert min(ratios) <= SLOWER_MAX
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            assert await connection.fetchval("select count(*) from punch") == machines.sent
            forged = await connection.fetchval("select count(*) from quarantine where serial = 'REAL1'")
            assert forged >= 1
        finally:
            await connection.close()
