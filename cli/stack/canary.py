"""`kinerja canary`: a simulated machine that punches every minute for an artificial officer, and waits for the score.

Its punch takes the path of every punch: gateway, machine protocol, database, broker, scoring, broker again. While that
works, its container is healthy and `kinerja_canary_age_seconds` is small.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import httpx
import typer
import uvicorn
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cli.settings import settings_of
from cli.stack.serve import leave
from cli.terminal import fail
from shared.contracts.events.canary import CANARY_PIN, PUNCH_DAYS_BACK, CanaryMachine, arrival_of, departure_of
from shared.http.client import async_client
from shared.observability import logs, metrics
from shared.settings.settings import LogSettings
from shared.settings.types import BaseUrl, HostName, Timezone

__all__ = ["Canary", "canary", "canary_app"]

PUNCH_SECONDS = 60.0
POLL_SECONDS = 20.0
"""As machines do: two polls without an upload in between mean that there is no backlog."""
FIRST_POLLS_APART_SECONDS = 10.5
"""Attendance stores a machine's polls at most every ten seconds."""
LOOK_SECONDS = 0.25
RETRY_SECONDS = 2.0
ARRIVAL_SECONDS_MAX = 50.0
AGE_SECONDS_MAX = 300.0
"""If the last score is older than this, the path from a punch to a score counts as broken."""
REQUEST_SECONDS_MAX = 10.0

KEY_FILE = Path("/run/secrets/canary_key")

Step = Literal["punch", "score"]
log = logs.logger(__name__)


class NotArrivedError(Exception):
    """A punch that was not accepted, or did not become a published score in time."""

    def __init__(self, step: Step, text: str) -> None:
        super().__init__(text)
        self.step = step


class Canary:
    """The machine and its results."""

    def __init__(
        self, http: httpx.AsyncClient, zone: ZoneInfo, machine: CanaryMachine, door: httpx.AsyncClient | None = None
    ) -> None:
        self._http = http
        self._door = door or http
        """The machines' URL, if they have a separate one."""
        self._zone = zone
        self._query = {"SN": machine.serial, "ComKey": machine.comm_key}
        self._arrived_at: float | None = None
        """When a punch last became a published score, on the monotonic clock."""
        self._begun_at = time.monotonic()
        self.registry = CollectorRegistry()
        age = Gauge("kinerja_canary_age_seconds", "Since a punch last became a published score", registry=self.registry)
        age.set_function(self.age)
        self._seconds = Histogram(
            "kinerja_canary_seconds",
            "From the canary's punch to its published score",
            buckets=(0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
            registry=self.registry,
        )
        self._failures = Counter(
            "kinerja_canary_failures_total", "Punches that became no score in time", ["step"], registry=self.registry
        )

    def age(self) -> float:
        """Seconds since the last arrival, or since the start if there was none."""
        return time.monotonic() - (self._begun_at if self._arrived_at is None else self._arrived_at)

    @property
    def well(self) -> bool:
        """Whether punches become scores."""
        return self._arrived_at is not None and self.age() <= AGE_SECONDS_MAX

    async def run(self) -> None:
        """Runs until cancelled. Failures are counted and logged, and tried again."""
        await self._introduce()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll_on())
            while True:
                begun = time.monotonic()
                try:
                    await self.punch(datetime.now(self._zone).replace(tzinfo=None))
                except NotArrivedError as error:
                    self._failures.labels(error.step).inc()
                    log.warning("canary_not_arrived", step=error.step, reason=str(error))
                    await asyncio.sleep(RETRY_SECONDS)
                else:
                    await asyncio.sleep(max(0.0, begun + PUNCH_SECONDS - time.monotonic()))

    async def punch(self, now: datetime) -> None:
        """Pushes the punch of this minute (local time) and waits for its score. Raises NotArrivedError."""
        work_date = now.date() - timedelta(days=PUNCH_DAYS_BACK)
        punches = [arrival_of(work_date)]
        departure = departure_of(work_date, now.hour * 60 + now.minute)
        if departure is not None:
            punches.append(departure)
        begun = time.monotonic()
        lines = "".join(f"{CANARY_PIN}\t{moment}\t255\t1\t\t0\t0\n" for moment in punches)
        query = self._query | {"table": "ATTLOG", "Stamp": "9999"}
        answer = await self._request("POST", "/iclock/cdata", params=query, content=lines.encode())
        if not answer.text.startswith("OK: "):
            raise NotArrivedError("punch", f"{answer.status_code} {answer.text[:200]}")
        await self._wait_for_score(punches[-1], begun + ARRIVAL_SECONDS_MAX)
        self._arrived_at = time.monotonic()
        self._seconds.observe(self._arrived_at - begun)

    async def _wait_for_score(self, punch: datetime, deadline: float) -> None:
        text = "no score includes this punch"
        while time.monotonic() < deadline:
            answer = await self._request("GET", "/scores/v1/canary", step="score")
            if answer.is_success and self._shows(answer.json(), punch):
                return
            if not answer.is_success:
                text = f"{answer.status_code} {answer.text[:200]}"
            await asyncio.sleep(LOOK_SECONDS)
        raise NotArrivedError("score", f"{text} after {ARRIVAL_SECONDS_MAX:.0f} s")

    def _shows(self, found: dict[str, Any], punch: datetime) -> bool:
        moments = (found["first_in"], found["last_out"])
        seen = [datetime.fromisoformat(moment).astimezone(self._zone) for moment in moments if moment is not None]
        return found["published"] is True and punch in [moment.replace(tzinfo=None) for moment in seen]

    async def _introduce(self) -> None:
        """Sends the handshake and two polls (no backlog); nothing is pushed before they are answered."""
        while True:
            try:
                query = self._query | {"options": "all", "pushver": "2.2.14"}
                answer = await self._request("GET", "/iclock/cdata", params=query)
                if answer.is_success:
                    await self._poll()
                    await asyncio.sleep(FIRST_POLLS_APART_SECONDS)
                    await self._poll()
                    return
                text = f"{answer.status_code} {answer.text[:200]}"
            except NotArrivedError as error:
                text = str(error)
            log.warning("canary_not_known_yet", reason=text)
            await asyncio.sleep(RETRY_SECONDS)

    async def _poll_on(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self._poll()

    async def _poll(self) -> None:
        # if a poll fails, the next punch fails too
        with contextlib.suppress(NotArrivedError):
            await self._request("GET", "/iclock/getrequest", params=self._query)

    async def _request(self, method: str, path: str, *, step: Step = "punch", **options: Any) -> httpx.Response:
        http = self._door if path.startswith("/iclock") else self._http
        try:
            return await http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise NotArrivedError(step, f"the gateway does not answer ({type(error).__name__})") from error


def canary_app(watched: Canary) -> Starlette:
    """Health and metrics, inside the stack only."""

    async def health(_: Request) -> Response:
        text = "ok\n" if watched.well else f"no punch has become a score for {watched.age():.0f} s\n"
        return Response(text, status_code=200 if watched.well else 503, media_type="text/plain")

    async def expose(_: Request) -> Response:
        return Response(generate_latest(watched.registry), media_type=metrics.CONTENT_TYPE)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(watched.run())
        task.add_done_callback(_end_with)
        yield
        task.cancel()

    return Starlette(
        routes=[Route("/canary/health/ready", health), Route("/canary/metrics", expose)], lifespan=lifespan
    )


def _end_with(task: asyncio.Task[None]) -> None:
    """A canary that cannot continue ends the process, and the supervisor starts a new one."""
    if not task.cancelled():
        log.critical("canary_ends", exc_info=task.exception())
        os._exit(1)


class CanarySettings(LogSettings):
    """Read from KINERJA_URL and so on."""

    url: BaseUrl = "http://127.0.0.1:8080"
    """The gateway."""
    machine_url: BaseUrl | None = None
    """The machines' URL, if it is not the gateway's."""
    machine_host: HostName | None = None
    """The machines' host name, if it matters."""
    timezone: Timezone = "Asia/Jakarta"


def canary(
    host: Annotated[str, typer.Option(help="The address to listen on, for health and metrics.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    key_file: Annotated[Path, typer.Option(help="The secret from which its serial and key are derived.")] = KEY_FILE,
) -> None:
    """Punches every minute for an artificial officer, and reports whether it becomes a score.

    The gateway's address comes from KINERJA_URL.
    """
    settings = settings_of(CanarySettings)
    logs.configure(settings.log_level)
    logs.log_uncaught()
    try:
        machine = CanaryMachine.of(key_file.read_text())
    except OSError as error:
        raise fail(f"the canary's key cannot be read ({type(error).__name__}): run make secrets") from error
    http = async_client(settings.url, timeout=REQUEST_SECONDS_MAX)
    headers = {"Host": settings.machine_host} if settings.machine_host else {}
    door = async_client(settings.machine_url or settings.url, headers=headers, timeout=REQUEST_SECONDS_MAX)
    watched = Canary(http, ZoneInfo(settings.timezone), machine, door)
    signal.signal(signal.SIGTERM, leave)
    uvicorn.run(canary_app(watched), host=host, port=port, log_config=None, access_log=False, server_header=False)
