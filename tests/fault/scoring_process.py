"""The scoring service in its own process, which tests kill. OFFSETS_FIRST=1 makes it unsafe, for the control."""

from __future__ import annotations

import asyncio
import os

from services.scoring.app import create
from services.scoring.settings import Settings
from shared.messaging.consuming.consumer import BatchConsumer
from shared.observability import logs

__all__ = ["commit_offsets_first", "main"]


def commit_offsets_first() -> None:
    """As most tutorials do it: commits the offsets before the effect."""
    apply = BatchConsumer._apply_until_done

    async def unsafe(self: BatchConsumer, records: object) -> bool:
        await self._commit_offsets(records)  # type: ignore[arg-type]
        await asyncio.sleep(0.1)  # the kill comes within 0.15 s of a batch: it must find some that are not applied
        return await apply(self, records)  # type: ignore[arg-type]

    BatchConsumer._apply_until_done = unsafe  # type: ignore[assignment,method-assign]


async def main() -> None:
    """Runs until killed."""
    if os.environ.get("OFFSETS_FIRST") == "1":
        commit_offsets_first()
    app = create(Settings())
    async with app.router.lifespan_context(app):
        await asyncio.Event().wait()


if __name__ == "__main__":
    logs.configure("WARNING")
    asyncio.run(main())
