"""ATTLOG posts through the real route, and a burst of which nothing may be lost."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta

import asyncpg
import httpx

from tests.bench.parts import Parts, Result, service_database
from tests.bench.served import OPERATOR_KEY, Served, rss_mib

__all__ = ["measure_intake"]

MACHINES, POSTS, LINES = 4, 50, 200
BURST_LINES, BURST_POST = 8_000, 128


def _body(machine: int, post: int, lines: int) -> bytes:
    # the machine's own clock, which has no zone
    first = datetime.fromisoformat("2026-08-03 06:00:00") + timedelta(seconds=post * lines)
    return "".join(
        f"{machine}{n % 900:04d}\t{first + timedelta(seconds=n):%Y-%m-%d %H:%M:%S}\t255\t1\t\t0\t0\n"
        for n in range(lines)
    ).encode()


async def _post(http: httpx.AsyncClient, serial: str, body: bytes, lines: int) -> None:
    answer = await http.post("/iclock/cdata", params={"SN": serial, "table": "ATTLOG", "Stamp": "9999"}, content=body)
    if answer.text.strip() != f"OK: {lines}":
        raise RuntimeError(f"{serial}: {answer.status_code} {answer.text[:200]}")


async def measure_intake(parts: Parts) -> list[Result]:
    """Lines a second that are durable before their OK; all of them counted in the database afterwards."""
    url = await service_database(parts, "attendance")
    async with Served({"attendance": url}, parts.bootstrap_servers, tasks=False) as served:
        async with httpx.AsyncClient(base_url=served.url, timeout=60) as http:
            headers = {"Authorization": f"Bearer {OPERATOR_KEY}"}
            for machine in range(MACHINES + 1):
                body = {"name": "bench", "timezone": "Asia/Jakarta", "direction_from": "shift"}
                answer = await http.put(f"/attendance/v1/machines/BENCH{machine}", json=body, headers=headers)
                answer.raise_for_status()

            async def machine_posts(machine: int) -> None:
                for post in range(POSTS):
                    await _post(http, f"BENCH{machine}", _body(machine, post, LINES), LINES)

            started = time.perf_counter()
            await asyncio.gather(*(machine_posts(machine) for machine in range(MACHINES)))
            seconds = time.perf_counter() - started
            burst = [_body(9, post, BURST_POST) for post in range(BURST_LINES // BURST_POST)]
            await asyncio.gather(*(_post(http, f"BENCH{MACHINES}", body, BURST_POST) for body in burst))
        rss = rss_mib(served.pid)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        kept = await connection.fetchval("select count(*) from punch")
    finally:
        await connection.close()
    expected = MACHINES * POSTS * LINES + len(burst) * BURST_POST
    if kept != expected:
        raise RuntimeError(f"{expected - kept} of {expected} lines were lost")
    lines = MACHINES * POSTS * LINES
    return [
        Result("attlog_lines_per_s", lines / seconds, "1/s", f"{lines} lines, {MACHINES} machines, {LINES} a post"),
        Result("rss_mib_attendance", rss, "MiB", "after the posts"),
    ]
