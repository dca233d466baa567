"""Prints `reading`, then each new score record of the stack, one per line, until it is stopped."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.topics import SCORE
from tests.bench.broker import PARTITIONS, client_options


async def main() -> None:
    async with AIOKafkaConsumer(fetch_max_wait_ms=10, **client_options()) as consumer:
        places = [TopicPartition(SCORE.name, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_end(*places)
        for place in places:
            await consumer.position(place)
        sys.stdout.buffer.write(b"reading\n")
        sys.stdout.buffer.flush()
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
        while not ended.done():
            for records in (await consumer.getmany(timeout_ms=50)).values():
                sys.stdout.buffer.writelines(record.value + b"\n" for record in records)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(main())
