"""`python -m tests.bench.main [part ...]`: measures, prints a table, writes $DATA/bench.json.

Where $DATA/connect.env names a stack (`make connect`), it measures that stack, which must be empty. Otherwise it measures
embedded parts; with BENCH_KAFKA=host:port it uses that broker instead, whose topics must be empty. For a trial run,
BENCH_RECORDS (at least 10,000: the first fetch is not counted) and BENCH_ROUNDS make a stack's backlogs smaller.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

import orjson
import uvloop

from cli.client import connection
from embedded.broker import EmbeddedBroker
from embedded.postgres import EmbeddedPostgres
from shared.db.migrations import SERVICES
from tests.bench.intake import measure_intake, measure_stack_intake
from tests.bench.latency import measure_latency, measure_stack_latency
from tests.bench.parts import Parts, Result
from tests.bench.scoring import measure_scoring
from tests.bench.stack.stack import RunningStack, StackRefusedError
from tests.bench.stack.stack_scoring import RECORDS, measure_scale, measure_stack_scoring

PARTS: dict[str, Callable[[Parts], Awaitable[list[Result]]]] = {
    "scoring": measure_scoring,
    "intake": measure_intake,
    "latency": measure_latency,
}
STACK_PARTS: dict[str, Callable[[RunningStack], Awaitable[list[Result]]]] = {
    "scoring": lambda stack: measure_stack_scoring(stack, **_size()),
    "scale": lambda stack: measure_scale(stack, **_size()),
    "intake": measure_stack_intake,
    "latency": measure_stack_latency,  # last: it leaves officers behind
}


def _size() -> dict[str, int]:
    return {
        "rounds": int(os.environ.get("BENCH_ROUNDS", "3")),
        "records": int(os.environ.get("BENCH_RECORDS", RECORDS)),
    }


async def measure_stack(names: list[str], stack: RunningStack) -> list[Result]:
    """The results of the named parts on a running stack, and the memory of each service after them."""
    await stack.refuse_unless_empty()
    results: list[Result] = []
    async with stack.without_canary():
        for name in names:
            results += _told(await STACK_PARTS[name](stack))
    results += _told([Result(f"rss_mib_{n}", await stack.rss_mib(n), "MiB", "after all parts") for n in SERVICES])
    return results


def _told(results: list[Result]) -> list[Result]:
    for result in results:
        print(f"{result.name:34} {result.value:12.4g} {result.unit:6} {result.note}", flush=True)
    return results


async def measure(names: list[str], folder: Path) -> list[Result]:
    """The results of the named parts; with the embedded broker, each part gets its own."""
    results: list[Result] = []
    postgres = EmbeddedPostgres(folder / "postgres")
    postgres.start()
    try:
        for name in names:
            given = os.environ.get("BENCH_KAFKA")
            if given:
                found = await PARTS[name](Parts(postgres, given))
            else:
                broker = EmbeddedBroker(folder / "broker.log")
                broker.start()
                try:
                    found = await PARTS[name](Parts(postgres, broker.bootstrap_servers))
                finally:
                    broker.stop()
            results += _told(found)
    finally:
        postgres.stop()
    return results


def main() -> None:
    data = Path(os.environ.setdefault("DATA", "var"))
    found = connection()
    on_stack = "KINERJA_COMPOSE_PROJECT" in found
    parts = list(STACK_PARTS if on_stack else PARTS)
    names = sys.argv[1:] or parts
    unknown = set(names) - set(parts)
    if unknown:
        where = "" if on_stack else " (scale: of a running stack, make connect, then DATA=var/compose)"
        raise SystemExit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(parts)}{where}")
    names = sorted(names, key=parts.index)
    if on_stack:
        try:
            results = uvloop.run(measure_stack(names, RunningStack(found)))
        except StackRefusedError as refusal:
            raise SystemExit(str(refusal)) from None
    else:
        with tempfile.TemporaryDirectory(prefix="kinerja-bench-") as scratch:
            folder = Path(scratch)
            folder.chmod(0o755)
            results = uvloop.run(measure(names, folder))
    data.mkdir(parents=True, exist_ok=True)
    file = data / "bench.json"
    file.write_bytes(orjson.dumps([asdict(result) for result in results], option=orjson.OPT_INDENT_2))
    print(f"written to {file}")


if __name__ == "__main__":
    main()
