"""`python -m tests.bench.main [part ...]`: measures, prints a table, writes $DATA/bench.json.

BENCH_KAFKA=host:port measures against that broker instead of the embedded one; its topics must be empty.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

import orjson

from embedded.broker import EmbeddedBroker
from embedded.postgres import EmbeddedPostgres
from tests.bench.intake import measure_intake
from tests.bench.latency import measure_latency
from tests.bench.parts import Parts, Result
from tests.bench.scoring import measure_scoring

PARTS: dict[str, Callable[[Parts], Awaitable[list[Result]]]] = {
    "scoring": measure_scoring,
    "intake": measure_intake,
    "latency": measure_latency,
}


async def measure(names: list[str], folder: Path) -> list[Result]:
    """The results of the named parts, each on a broker of its own where it is the embedded one."""
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
            for result in found:
                print(f"{result.name:34} {result.value:12.4g} {result.unit:6} {result.note}", flush=True)
            results += found
    finally:
        postgres.stop()
    return results


def main() -> None:
    names = sys.argv[1:] or list(PARTS)
    unknown = set(names) - set(PARTS)
    if unknown:
        raise SystemExit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    data = Path(os.environ.get("DATA", "var"))
    with tempfile.TemporaryDirectory(prefix="kinerja-bench-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        results = asyncio.run(measure(names, folder))
    data.mkdir(parents=True, exist_ok=True)
    file = data / "bench.json"
    file.write_bytes(orjson.dumps([asdict(result) for result in results], option=orjson.OPT_INDENT_2))
    print(f"written to {file}")


if __name__ == "__main__":
    main()
