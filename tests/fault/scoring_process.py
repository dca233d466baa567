"""The scoring service in its own process, which tests kill. OFFSETS_FIRST=1 makes it unsafe, for the control."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from services.scoring.app import create
from services.scoring.settings import Settings
from shared.messaging.consuming.consumer import BatchConsumer
from shared.messaging.consuming.incoming import Incoming
from shared.observability import logs
from shared.service import runtime

__all__ = ["commit_offsets_first", "main"]


class _OffsetsFirst(BatchConsumer):
    """A consumer as most tutorials write it."""

    async def _apply_until_done(self, records: Sequence[Incoming]) -> bool:
        await self._commit_offsets(records)
        await asyncio.sleep(0.1)  # the kill comes within 0.15 s of a batch: it must find some that are not applied
        return await super()._apply_until_done(records)


def commit_offsets_first() -> None:
    """Makes the service commit the offsets before the effect."""
    runtime.BatchConsumer = _OffsetsFirst  # type: ignore[attr-defined]


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
