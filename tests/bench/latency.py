"""Time from the post of a late punch until another consumer reads the score record, at a steady rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.db.migrations import SERVICES
from shared.http.client import async_client
from shared.kafka_admin.provision import provision, read_topics
from tests.bench.parts import Parts, Result, connected, service_database
from tests.bench.served import OPERATOR_KEY, Served, rss_mib
from tests.bench.stack.stack import RunningStack

__all__ = ["measure_latency", "measure_stack_latency"]

OFFICERS, RATE, SECONDS = 200, 200, 20
RESEND_SECONDS = 1.0
MACHINES = 20

SETTLE_SECONDS_MAX = 300
QUIET_SECONDS = 5

Read = Callable[[float], Awaitable[list[bytes]]]
"""Score records that arrived; an empty list when none arrived within so many seconds."""
Ask = Callable[[str], Awaitable[bool]]
"""The answer of attendance's database to a yes-or-no query."""

# Every day that the machines' first posts close is computed and sent: this bulk work is not measured.
_DAYS_CLOSED = """
    select not exists (select from day_queue) and not exists (select from outbox)
       and exists (select from attendance_day where org_unit_id = 'bench')
       and not exists (select from attendance_day where state = 'provisional' and closes_at < now() - interval '3 days')
"""


def _working_days(count: int) -> list[date]:
    """The last `count` past weekdays of the running semester that are no holidays (July and September)."""
    days = [date(2026, 7, 6) + timedelta(days=n) for n in range(100)]
    return [d for d in days if d.weekday() < 5 and d.month in (7, 9)][:count]


def _nip(number: int) -> str:
    return f"19800101201001{1}{number + 1:03d}"[:18]


async def measure_latency(parts: Parts) -> list[Result]:
    """The 99th percentile, in ms; and the memory of each service alone, and of all four in one process."""
    await provision(parts.bootstrap_servers, read_topics())
    databases = {name: await service_database(parts, name) for name in SERVICES}
    async with Served(databases, parts.bootstrap_servers, tasks=True) as served:
        async with (
            async_client(served.url, timeout=60, headers={"Authorization": f"Bearer {OPERATOR_KEY}"}) as http,
            _broker_scores(parts.bootstrap_servers) as read,
            connected(databases["attendance"]) as database,
        ):
            found = await _measure(http, read, database.fetchval)
        together = rss_mib(served.pid)
    results = [found, Result("rss_mib_all", together, "MiB", "the four in one process, after the punches")]
    for name in ("feedback", "notifications"):
        url = await service_database(parts, name)
        async with Served({name: url}, parts.bootstrap_servers, tasks=True) as alone:
            results.append(Result(f"rss_mib_{name}", rss_mib(alone.pid), "MiB", "after start and catching up"))
    return results


async def measure_stack_latency(stack: RunningStack) -> list[Result]:
    """Through the gateway; the time of a punch ends when its score record is read from the stack."""

    async def ask(query: str) -> bool:
        return await stack.psql("attendance", query) == ["t"]

    async with stack.http() as http, _stack_scores(stack) as read:
        return [await _measure(http, read, ask)]


@asynccontextmanager
async def _broker_scores(bootstrap: str) -> AsyncIterator[Read]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, fetch_max_wait_ms=10) as consumer:
        consumer.assign([TopicPartition("asn.score.v1", number) for number in range(12)])

        async def read(seconds: float) -> list[bytes]:
            batches = await consumer.getmany(timeout_ms=int(seconds * 1000))
            return [record.value for records in batches.values() for record in records]

        yield read


@asynccontextmanager
async def _stack_scores(stack: RunningStack) -> AsyncIterator[Read]:
    async with stack.talk("cases.case_scores") as scores:
        await scores.wait_for("reading")

        async def read(seconds: float) -> list[bytes]:
            try:
                async with asyncio.timeout(seconds):
                    return [await scores.line()]
            except TimeoutError:
                return []

        yield read


async def _measure(http: httpx.AsyncClient, read: Read, ask: Ask) -> Result:
    officers = await _open_office(http)
    await _settle(read, ask)
    sample = sorted(await _late_punches(http, officers, read))
    p50, p99 = sample[len(sample) // 2], sample[int(len(sample) * 0.99)]
    note = f"p50 {p50 * 1000:.0f} ms, {len(sample)} punches at {RATE}/s"
    return Result("punch_to_score_p99_ms", p99 * 1000, "ms", note)


async def _open_office(http: httpx.AsyncClient) -> list[str]:
    header = "nip,name,employment_type,org_unit_id,org_unit_name,superior_nip,email,active_from,active_to\n"
    rows = "".join(f"{_nip(n)},Pegawai {n},PNS,bench,Unit,,,2026-07-01,\n" for n in range(OFFICERS))
    csv = {"Content-Type": "text/csv"}
    (await http.post("/attendance/v1/roster", content=(header + rows).encode(), headers=csv)).raise_for_status()
    page = (await http.get("/attendance/v1/employees", params={"limit": 500})).json()
    officers = [item["employee_id"] for item in page["items"]]
    machine = {"name": "bench", "timezone": "Asia/Jakarta", "direction_from": "shift", "org_unit_id": "bench"}
    for number in range(MACHINES):
        (await http.put(f"/attendance/v1/machines/{_serial(number)}", json=machine)).raise_for_status()
    for number, employee_id in enumerate(officers):
        path = f"/attendance/v1/machines/{_serial(number)}/enrolments/{number:04d}"
        body = {"employee_id": employee_id, "valid_from": "2026-07-01"}
        (await http.put(path, json=body)).raise_for_status()
    # a punch on the first day and one yesterday: the machine has uploaded all days between (all are absent)
    yesterday = datetime.now() - timedelta(hours=20)  # noqa: DTZ005
    for number in range(MACHINES):
        for moment in (datetime(2026, 7, 1, 6, 0), yesterday):  # noqa: DTZ001
            await _post(http, number, f"9999\t{moment:%Y-%m-%d %H:%M:%S}\t255\t1\n")
    return officers


def _serial(number: int) -> str:
    return f"LATE{number % MACHINES:02d}"


async def _post(http: httpx.AsyncClient, number: int, body: str) -> None:
    """Posts as a machine does: without an OK it sends the post again, and the time goes on."""
    while True:
        answer = await http.post(
            "/iclock/cdata", params={"SN": _serial(number), "table": "ATTLOG"}, content=body.encode()
        )
        if answer.text.startswith("OK: "):
            return
        if answer.status_code != 503:
            raise RuntimeError(f"{answer.status_code} {answer.text[:200]}")
        await asyncio.sleep(RESEND_SECONDS)


async def _late_punches(http: httpx.AsyncClient, officers: list[str], read: Read) -> list[float]:
    waiting: dict[str, list[tuple[int, float]]] = {}
    sample: list[float] = []
    posting = asyncio.create_task(_post_steadily(http, officers, waiting))
    ended = time.monotonic() + SECONDS + 20
    while time.monotonic() < ended and not (posting.done() and not any(waiting.values())):
        for value in await read(0.05):
            _take(orjson.loads(value), time.perf_counter(), waiting, sample)
    await posting
    lost = sum(map(len, waiting.values()))
    if lost:
        raise RuntimeError(f"{lost} punches never showed in a score")
    return sample


def _take(record: dict[str, Any], now: float, waiting: dict[str, list[tuple[int, float]]], sample: list[float]) -> None:
    """A punch has arrived when the officer's credited minutes have grown by it."""
    officer = record["employee_id"]
    credited = record["indicators"][0]["numerator"] or 0
    mine = waiting.get(officer, [])
    while mine and credited >= mine[0][0]:
        sample.append(now - mine.pop(0)[1])


async def _post_steadily(
    http: httpx.AsyncClient, officers: list[str], waiting: dict[str, list[tuple[int, float]]]
) -> None:
    """Each punch makes one absent day a present one (half of its 450 minutes are credited)."""
    days = _working_days(SECONDS * RATE // OFFICERS + 1)
    machines: list[asyncio.Queue[str | None]] = [asyncio.Queue() for _ in range(MACHINES)]
    async with asyncio.TaskGroup() as posts:
        for serial, held in enumerate(machines):
            posts.create_task(_machine(http, serial, held))
        begun = time.perf_counter()
        for number in range(RATE * SECONDS):
            await asyncio.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
            officer, turn = number % len(officers), number // len(officers)
            waiting.setdefault(officers[officer], []).append((225 * (turn + 1), time.perf_counter()))
            machines[officer % MACHINES].put_nowait(f"{officer:04d}\t{days[turn]} 07:20:00\t255\t1\n")
        for held in machines:
            held.put_nowait(None)


async def _machine(http: httpx.AsyncClient, number: int, held: asyncio.Queue[str | None]) -> None:
    """One post at a time, with all punches that the machine holds by then."""
    ending = False
    while not ending:
        lines = [await held.get()]
        while not held.empty():
            lines.append(held.get_nowait())
        ending = None in lines
        if body := "".join(line for line in lines if line is not None):
            await _post(http, number, body)


async def _settle(read: Read, ask: Ask) -> None:
    """Waits until the first days of all officers are closed and scored: no record for so many seconds."""
    async with asyncio.timeout(SETTLE_SECONDS_MAX):
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < QUIET_SECONDS:
            if await read(1.0) or not await ask(_DAYS_CLOSED):
                quiet_since = time.monotonic()
