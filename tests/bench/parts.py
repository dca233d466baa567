"""What the parts of the bench share: results, child processes, databases."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import asyncpg
import orjson

from embedded.postgres import EmbeddedPostgres
from shared.db.migrations import upgrade
from tests.fixtures.stores.postgres import fresh_database

__all__ = ["Parts", "Result", "connected", "middle", "run_case", "service_database"]

CASE_SECONDS_MAX = 240.0


@dataclass(frozen=True)
class Result:
    """One figure. `note` gives the spread or the conditions."""

    name: str
    value: float
    unit: str
    note: str = ""


@dataclass(frozen=True)
class Parts:
    """The database server and the broker of the run."""

    postgres: EmbeddedPostgres
    bootstrap_servers: str


async def service_database(parts: Parts, service: str) -> str:
    """A new database of the service, migrated."""
    url = await fresh_database(parts.postgres)
    await asyncio.to_thread(upgrade, service, url)
    return url


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a service's database, by the service's URL."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.close()


async def run_case(module: str, *arguments: str) -> dict[str, Any]:
    """Runs `tests.bench.<module>` in its own process and reads the JSON of its last line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.bench.{module}", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(CASE_SECONDS_MAX):
            out, err = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise RuntimeError(f"{module} failed:\n{out.decode()[-2000:]}\n{err.decode()[-4000:]}")
    answer: dict[str, Any] = orjson.loads(out.strip().rpartition(b"\n")[2])
    return answer


def middle(name: str, values: list[float], unit: str) -> Result:
    """The median of the rounds, with their range as note."""
    return Result(name, median(values), unit, f"{min(values):.4g}..{max(values):.4g} in {len(values)} rounds")
