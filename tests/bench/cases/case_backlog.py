"""Prints `ready`, sends the records after one input line, prints `sent`, then `done` when the group has committed all."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.contracts.topics import ATTENDANCE_DAY, FEEDBACK
from tests.bench.broker import PARTITIONS, client_options, send
from tests.bench.data import draw

LOOK_SECONDS = 0.05
PLACES = [TopicPartition(topic.name, number) for topic in (ATTENDANCE_DAY, FEEDBACK) for number in range(PARTITIONS)]


async def main(count: int, group: str) -> None:
    messages = draw(count).messages
    admin = AIOKafkaAdminClient(**client_options())
    await admin.start()
    try:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await send(None, messages)
        async with AIOKafkaConsumer(**client_options()) as consumer:
            ends = await consumer.end_offsets(PLACES)
        print("sent", flush=True)
        while True:
            committed = await admin.list_consumer_group_offsets(group, partitions=PLACES)
            if all(committed[place].offset >= ends[place] or not ends[place] for place in PLACES):
                break
            await asyncio.sleep(LOOK_SECONDS)
        print("done", flush=True)
    finally:
        await admin.close()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
