"""ATTLOG posts through the real route, and a burst that must lose nothing."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from uuid import uuid4

import httpx

from shared.http.client import async_client
from tests.bench.parts import Parts, Result, connected, service_database
from tests.bench.served import OPERATOR_KEY, Served, rss_mib
from tests.bench.stack.stack import RunningStack

__all__ = ["measure_intake", "measure_stack_intake"]

MACHINES, POSTS, LINES = 4, 50, 200
BURST_POSTS, BURST_POST = 63, 128  # 8,064 lines at once


def _body(machine: int, post: int, lines: int) -> bytes:
    # the machine's local time, without a zone
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
    """Measures an attendance service in its own process."""
    url = await service_database(parts, "attendance")
    async with Served({"attendance": url}, parts.bootstrap_servers, tasks=False) as served:
        headers = {"Authorization": f"Bearer {OPERATOR_KEY}"}
        async with async_client(served.url, timeout=60, headers=headers) as http:
            seconds = await _posts(http, "BENCH")
        rss = rss_mib(served.pid)
    async with connected(url) as connection:
        kept = await connection.fetchval("select count(*) from punch")
    return [_result(seconds, kept), Result("rss_mib_attendance", rss, "MiB", "after the posts")]


async def measure_stack_intake(stack: RunningStack) -> list[Result]:
    """Measures a running stack through its gateway; each run uses new machines."""
    prefix = f"BENCH{uuid4().hex[:6].upper()}"
    async with stack.http() as http:
        seconds = await _posts(http, prefix)
    [kept] = await stack.psql("attendance", f"select count(*) from punch where serial like '{prefix}%'")
    return [_result(seconds, int(kept))]


async def _posts(http: httpx.AsyncClient, prefix: str) -> float:
    """Returns the seconds that the steady posts take; then posts a burst."""
    for machine in range(MACHINES + 1):
        body = {"name": "bench", "timezone": "Asia/Jakarta", "direction_from": "shift"}
        (await http.put(f"/attendance/v1/machines/{prefix}{machine}", json=body)).raise_for_status()

    async def machine_posts(machine: int) -> None:
        for post in range(POSTS):
            await _post(http, f"{prefix}{machine}", _body(machine, post, LINES), LINES)

    started = time.perf_counter()
    await asyncio.gather(*(machine_posts(machine) for machine in range(MACHINES)))
    seconds = time.perf_counter() - started
    burst = [_body(9, post, BURST_POST) for post in range(BURST_POSTS)]
    await asyncio.gather(*(_post(http, f"{prefix}{MACHINES}", body, BURST_POST) for body in burst))
    return seconds


def _result(seconds: float, kept: int) -> Result:
    """Lines per second that were durable before their OK. Raises RuntimeError where the database lacks any."""
    lines = MACHINES * POSTS * LINES
    expected = lines + BURST_POSTS * BURST_POST
    if kept != expected:
        raise RuntimeError(f"{expected - kept} of {expected} lines were lost")
    note = f"{lines} lines, {MACHINES} machines, {LINES} a post"
    return Result("attlog_lines_per_s", lines / seconds, "1/s", note)
