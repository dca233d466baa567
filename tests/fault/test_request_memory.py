"""Memory per request is bounded: a byte of input uses no more memory than stated."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.access.gate import POST_AMPLIFICATION
from services.attendance.iclock.posts import POST_LINES_MAX
from shared.http.bodies import BODY_BYTES_MAX, JSON_AMPLIFICATION, SMALL_BYTES
from tests.fault.attendance_process import attendance
from tests.fixtures.services import OPERATOR_KEY

pytestmark = [pytest.mark.fault, pytest.mark.embedded, pytest.mark.timeout(600)]

MIB = 1_048_576
NOISE_BYTES = 16 * MIB
"""What the allocator and the driver keep, with any input."""
CONTAINER_BYTES = 256 * MIB
LOG = {"SN": "S1", "table": "ATTLOG"}
JSON = {"Authorization": f"Bearer {OPERATOR_KEY}", "Content-Type": "application/json"}
ROWS = b'{"serial": "S1", "rows": [%s]}'


def log_of(lines: int) -> bytes:
    start = datetime(2026, 1, 1)  # noqa: DTZ001 - a machine's local time
    moments = (start + timedelta(seconds=7 * n) for n in range(lines))
    return b"".join(b"%d\t%s\t255\t1\t0\t0\t0\n" % (n % 400, str(m).encode()) for n, m in enumerate(moments))


REQUESTS: dict[str, tuple[str, dict[str, Any], bytes, int, int]] = {
    # name: path, options, body, stated amplification, expected status
    "a machine's log of months": ("/iclock/cdata", {"params": LOG}, log_of(200_000), POST_AMPLIFICATION, 200),
    "a letter a line": ("/iclock/cdata", {"params": LOG}, b"a\n" * (4 * MIB - 8), POST_AMPLIFICATION, 413),
    "blank lines": ("/iclock/cdata", {"params": LOG}, b"\n" * (8 * MIB - 8), POST_AMPLIFICATION, 200),
    "one line": ("/iclock/cdata", {"params": LOG}, b"1\t" * (4 * MIB - 8), POST_AMPLIFICATION, 200),
    "menu events": (
        "/iclock/cdata", {"params": LOG | {"table": "OPERLOG"}}, b"OPLOG 4\t1\n" * 240_000, POST_AMPLIFICATION, 200,
    ),
    "results of commands": ("/iclock/devicecmd", {"params": LOG}, b"ID=1\n" * 1_600_000, 1, 413),
    "few results of commands": ("/iclock/devicecmd", {"params": LOG}, b"ID=1\n" * 13_000, JSON_AMPLIFICATION, 200),
    "objects without content": (
        "/attendance/v1/punches", {"headers": JSON}, ROWS % (b"{}," * 349_000 + b"{}"), JSON_AMPLIFICATION, 422,
    ),
    "names of fields": (
        "/attendance/v1/punches", {"headers": JSON}, ROWS % b",".join(b'{"%d":1}' % n for n in range(80_000)),
        JSON_AMPLIFICATION, 422,
    ),
    "deep nesting": ("/attendance/v1/punches", {"headers": JSON}, b"[" * 500_000, JSON_AMPLIFICATION, 400),
    "JSON without a key": (
        "/attendance/v1/punches", {"headers": {"Content-Type": "application/json"}}, b"[" * BODY_BYTES_MAX, 1, 413,
    ),
}  # fmt: skip


async def test_a_byte_becomes_no_more_memory_than_is_stated(embedded_postgres: EmbeddedPostgres) -> None:
    assert POST_LINES_MAX < 4 * MIB
    async with attendance(embedded_postgres) as (port, process, _):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as http:
            setup = {"name": "test", "timezone": "Asia/Jakarta", "direction_from": "shift"}
            (await http.put("/attendance/v1/machines/S1", json=setup, headers=JSON)).raise_for_status()
            assert (await http.post("/iclock/cdata", params=LOG, content=log_of(1))).text == "OK: 1"
        for name, (path, options, body, amplification, status) in REQUESTS.items():
            assert len(body) > SMALL_BYTES or status == 200
            before = peak = process.memory_info().rss
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as http:
                asked = asyncio.create_task(http.post(path, content=body, **options))
                while not asked.done():
                    peak = max(peak, process.memory_info().rss)
                    await asyncio.sleep(0.005)
                try:
                    answered = (await asked).status_code
                except httpx.TransportError:
                    answered = 413  # refused while the client was sending: its system dropped the answer
            grown = peak - before
            print(f"{name}: {len(body)} bytes, {answered}, {grown >> 20} MiB more, peak {peak >> 20} MiB")
            assert answered == status, name
            assert grown <= amplification * len(body) + NOISE_BYTES, name
            assert peak < CONTAINER_BYTES, name
