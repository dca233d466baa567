"""Runs the service's own consumer and handler on its own migrated database until every offset is committed."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import orjson
import uvloop
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.app import create
from services.scoring.facts.consumer import TOPICS, RecordHandler
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.messaging.consuming.consumer import BatchConsumer
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import Incoming
from tests.bench.data import roster
from tests.fixtures.services import settings_for

SECONDS_MAX = 90.0


def rss_mib() -> float:
    """The memory that this process uses now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def main(bootstrap_servers: str, database_url: str, count: int) -> None:
    app = create(settings_for("scoring", database_url, kafka_bootstrap_servers=bootstrap_servers))
    context = app.context
    async with app.router.lifespan_context(app):
        await app.part(ScoreUpkeep).round()
        async with context.database.transaction() as session:
            people = [Incoming(topic, 0, n, key, value, h) for n, (topic, key, value, h) in enumerate(roster())]
            await app.part(RecordHandler)(session, people)
        del people
        started = 0.0

        async def handler(session: AsyncSession, records: Sequence[Incoming]) -> Sequence[Parked]:
            nonlocal started
            started = started or time.perf_counter()
            parked: Sequence[Parked] = await app.part(RecordHandler)(session, records)
            return parked

        consumer = BatchConsumer(
            context.settings,
            context.database,
            context.dead_letters,
            context.metrics,
            handler,
            service=f"bench-{uuid4().hex}",  # its own group: each round reads from the beginning
            topics=TOPICS,
        )
        task = asyncio.create_task(consumer.run())
        async with asyncio.timeout(SECONDS_MAX):
            while sum(consumer.progress.committed.values()) < count:  # committed offsets, each partition from 0
                if task.done():
                    task.result()
                await asyncio.sleep(0.005)
        seconds = time.perf_counter() - started
        memory = rss_mib()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    print(orjson.dumps({"per_second": count / seconds, "rss_mib": memory}).decode())


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
