"""The attendance service as its container runs it, in a process whose memory can be measured."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil

from embedded.children import free_port
from embedded.postgres import EmbeddedPostgres
from shared.db.migrations import upgrade
from tests.fixtures.services import LINK_KEY, OPERATOR_KEY
from tests.fixtures.stores.postgres import fresh_database

__all__ = ["ROOT", "attendance"]

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def attendance(server: EmbeddedPostgres) -> AsyncIterator[tuple[int, psutil.Process, str]]:
    """(port, process, database URL); the environment is that of deploy/Dockerfile."""
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
