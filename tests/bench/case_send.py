"""Sends the roster (`roster`) or the drawn records (their number) to the stack's topics."""

from __future__ import annotations

import sys
import time

import orjson
import uvloop

from tests.bench.broker import send
from tests.bench.data import draw, roster


async def main(what: str) -> None:
    messages = roster() if what == "roster" else draw(int(what)).messages
    started = time.perf_counter()
    await send(None, messages)
    print(orjson.dumps({"sent": len(messages), "seconds": time.perf_counter() - started}).decode())


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
