"""Serves services in their own process on loopback, for the parts that measure from outside."""

from __future__ import annotations

import asyncio
import importlib
import sys
from pathlib import Path
from types import TracebackType

import httpx
import orjson
import uvicorn

from embedded.children import free_port
from embedded.gateway import make_gateway
from shared.http.client import async_client
from shared.observability import logs

__all__ = ["OPERATOR_KEY", "Served", "rss_mib"]

OPERATOR_KEY = "operator-key-of-the-bench"
PREFIXES = {"attendance": "attendance", "feedback": "feedback", "scoring": "scores", "notifications": "notices"}


def rss_mib(pid: int) -> float:
    """The memory that the process uses now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} tells no VmRSS")


class Served:
    """A child process that serves the given services (name → database URL) behind one port."""

    def __init__(self, databases: dict[str, str], bootstrap_servers: str, *, tasks: bool) -> None:
        self._port = free_port()
        self._orders = {"databases": databases, "kafka": bootstrap_servers, "tasks": tasks, "port": self._port}
        self._prefixes = [PREFIXES[name] for name in databases]
        self._process: asyncio.subprocess.Process | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    async def __aenter__(self) -> Served:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.served", orjson.dumps(self._orders).decode()
        )
        async with async_client(self.url) as http:
            for _ in range(600):
                try:
                    answers = [await http.get(f"/{prefix}/health/ready") for prefix in self._prefixes]
                except httpx.TransportError:
                    answers = []
                if answers and all(answer.is_success for answer in answers):
                    return self
                await asyncio.sleep(0.1)
        raise RuntimeError(f"the services do not get ready: {[answer.text for answer in answers]}")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                async with asyncio.timeout(40):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


def main() -> None:
    """The code of the child process."""
    orders = orjson.loads(sys.argv[1])
    logs.configure("WARNING", stream=sys.stderr)
    apps = {}
    for name, url in orders["databases"].items():
        own = {"ballot_key": OPERATOR_KEY} if name == "feedback" else {}
        settings = importlib.import_module(f"services.{name}.settings").Settings(
            database_url=url,
            operator_key=OPERATOR_KEY,
            link_key=OPERATOR_KEY,
            kafka_bootstrap_servers=orders["kafka"],
            kafka_idempotent_producer=False,
            kafka_fetch_max_wait_ms=10,
            kafka_session_timeout_ms=6_000,
            kafka_heartbeat_ms=300,
            tasks=orders["tasks"],
            **own,
        )
        apps[name] = importlib.import_module(f"services.{name}.app").create(settings)
    config = uvicorn.Config(
        make_gateway(apps), host="127.0.0.1", port=orders["port"], log_config=None, access_log=False
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
