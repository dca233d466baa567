"""Sends an employee record for each officer to the stack, as attendance does."""

from __future__ import annotations

import uvloop

from tests.bench.broker import send
from tests.bench.data import roster


async def main() -> None:
    messages = roster()
    await send(None, messages)
    print(len(messages))


if __name__ == "__main__":
    uvloop.run(main())
