"""A running stack for the bench: `docker compose` and the values of connect.env. Only an empty stack is accepted."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import orjson

from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.http.client import async_client

__all__ = ["RunningStack", "StackRefusedError", "Talk"]

ROOT = Path(__file__).resolve().parents[3]
BENCH_FILE = "docker-compose.yml:tests/bench/stack/compose.yml"
COMMAND_SECONDS_MAX = 300.0
WAIT_SECONDS_MAX = 180.0

_IN_USE = {
    "attendance": f"select count(*) from employee where employee_id <> '{CANARY_EMPLOYEE_ID}'",
    "feedback": "select (select count(*) from visit) + (select count(*) from feedback)",
    "scoring": (
        f"select (select count(*) from day_fact where employee_id <> '{CANARY_EMPLOYEE_ID}')"
        " + (select count(*) from feedback_fact)"
    ),
}


class StackRefusedError(Exception):
    """The stack cannot be measured; the message says what to do."""


class Talk:
    """A running case: reads its output line by line and sends it input."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None or process.stdin is None or process.stderr is None:
            raise ValueError("the case has no pipes")
        self._name, self._out, self._in, self._complaints = name, process.stdout, process.stdin, process.stderr

    async def line(self) -> bytes:
        """Its next line. Raises RuntimeError when it has ended."""
        line = await self._out.readline()
        if not line:
            complaints = await self._complaints.read()
            raise RuntimeError(f"{self._name} ended before its time:\n{complaints.decode()[-4000:]}")
        return line

    async def wait_for(self, word: str, seconds: float = WAIT_SECONDS_MAX) -> None:
        """Reads the expected next line. Raises TimeoutError when it does not come in time."""
        async with asyncio.timeout(seconds):
            line = await self.line()
        if line.decode().strip() != word:
            raise RuntimeError(f"{self._name} said {line!r} instead of {word}")

    def go_on(self) -> None:
        self._in.write(b"\n")


class RunningStack:
    """`docker compose` of the project that connect.env names, from this checkout."""

    def __init__(self, connection: dict[str, str]) -> None:
        self.url = connection["KINERJA_URL"]
        self._key = connection["KINERJA_OPERATOR_KEY"]
        self._environment = os.environ | {"COMPOSE_PROJECT_NAME": connection["KINERJA_COMPOSE_PROJECT"]}
        if "KINERJA_COMPOSE_FILE" in connection:
            self._environment["COMPOSE_FILE"] = connection["KINERJA_COMPOSE_FILE"]

    def http(self) -> httpx.AsyncClient:
        """A client of the gateway with the operator's key."""
        headers = {"Authorization": f"Bearer {self._key}"}
        return async_client(self.url, timeout=60, headers=headers)

    async def run(self, *command: str, **changes: str) -> str:
        """The output of a command on this machine. Raises RuntimeError with its error output."""
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=self._environment | changes,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(COMMAND_SECONDS_MAX):
            out, err = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{out.decode()[-2000:]}\n{err.decode()[-4000:]}")
        return out.decode()

    async def compose(self, *arguments: str) -> str:
        return await self.run("docker", "compose", *arguments)

    async def containers(self, service: str) -> list[str]:
        """The ids of a service's running containers."""
        return (await self.compose("ps", "--quiet", service)).split()

    async def psql(self, database: str, query: str) -> list[str]:
        """A superuser's query result, one row per line, columns separated by bars."""
        order = ("exec", "-T", "postgres", "psql", "-U", "postgres", "-d", database, "-Atqc", query)
        return (await self.compose(*order)).splitlines()

    async def until(self, database: str, query: str, wanted: str) -> None:
        """Waits until the query's single value is the wanted one. Raises TimeoutError."""
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while await self.psql(database, query) != [wanted]:  # noqa: ASYNC110 - the services work beside
                await asyncio.sleep(0.5)

    async def case(self, module: str, *arguments: str) -> dict[str, Any]:
        """Runs `tests.bench.<module>` in a container on the stack's network; the JSON of its last line."""
        printed = await self.run(*_bench(module, arguments), COMPOSE_FILE=BENCH_FILE)
        answer: dict[str, Any] = orjson.loads(printed.strip().rpartition("\n")[2])
        return answer

    @contextlib.asynccontextmanager
    async def talk(self, module: str, *arguments: str) -> AsyncIterator[Talk]:
        """The same, for a case that exchanges lines while it runs. A last line stops it at the end of the block."""
        process = await asyncio.create_subprocess_exec(
            *_bench(module, arguments), cwd=ROOT, env=self._environment | {"COMPOSE_FILE": BENCH_FILE},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield Talk(module, process)
        finally:
            # Not terminate(): that ends Compose and leaves the container. Keep reading: a full pipe would block the case.
            async with asyncio.timeout(COMMAND_SECONDS_MAX):
                await process.communicate(b"\n")

    @contextlib.asynccontextmanager
    async def without_canary(self) -> AsyncIterator[None]:
        """Stops the canary for the block: its punches and facts would be counted too."""
        await self.compose("stop", "canary")
        try:
            yield
        finally:
            await self.compose("start", "canary")

    async def rss_mib(self, service: str) -> float:
        """The memory that the processes of the service's first container use now."""
        table = await self.run("docker", "top", (await self.containers(service))[0], "-eo", "pid,rss")
        return sum(int(line.split()[1]) for line in table.splitlines()[1:]) / 1024

    async def refuse_unless_empty(self) -> None:
        """Raises StackRefusedError where the stack has anybody's data: the bench writes thousands of invented records."""
        for database, query in _IN_USE.items():
            [count] = await self.psql(database, query)
            if count != "0":
                raise StackRefusedError(
                    f"the stack at {self.url} is in use: its database {database} holds {count} records of people. The"
                    " bench fills a stack with invented officers and records, so it takes an empty one only: start one"
                    " beside it (another COMPOSE_PROJECT_NAME, PORT and SECRETS). Where these records are an earlier"
                    " bench's: docker compose down --volumes && docker compose up -d --wait"
                )


def _bench(module: str, arguments: Sequence[str]) -> tuple[str, ...]:
    return ("docker", "compose", "run", "--rm", "--no-deps", "-T", "bench", f"tests.bench.{module}", *arguments)
