"""Fifty hostile connections: attendance stays within its container's memory and goes on answering the real machines."""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
import yaml

from embedded.children import free_port
from embedded.postgres import EmbeddedPostgres
from shared.migrations import upgrade
from tests.fixtures.postgres import fresh_database
from tests.fixtures.services import LINK_KEY, OPERATOR_KEY

pytestmark = [pytest.mark.fault, pytest.mark.embedded, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
MACHINES = 6
PHASE_SECONDS = 12.0
ROUNDS_MAX = 3
SLOWER_MAX = 3.0
QUIET_MS_MIN = 10.0
"""Below this the noise of a shared machine decides."""


@asynccontextmanager
async def attendance(server: EmbeddedPostgres) -> AsyncIterator[tuple[int, psutil.Process, str]]:
    """The service as its container runs it."""
    url, port = await fresh_database(server), free_port()
    await asyncio.to_thread(upgrade, "attendance", url)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KINERJA_")},
        "KINERJA_DATABASE_URL": url,
        "KINERJA_OPERATOR_KEY": OPERATOR_KEY,
        "KINERJA_LINK_KEY": LINK_KEY,
        "KINERJA_TASKS": "false",
        "MALLOC_ARENA_MAX": "2",
        "MALLOC_TRIM_THRESHOLD_": "131072",
        "MALLOC_MMAP_THRESHOLD_": "131072",
    }
    command = [sys.executable, "-m", "cli.main", "serve", "attendance", "--port", str(port), "--log-level", "ERROR"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient() as http:
            for _ in range(300):
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get(f"http://127.0.0.1:{port}/attendance/openapi.json")).is_success:
                        break
                await asyncio.sleep(0.1)
        yield port, psutil.Process(process.pid), url
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)


class Machines:
    """Real machines, which push a punch each as long as asked, and how long each answer took."""

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
