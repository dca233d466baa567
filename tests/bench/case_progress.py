"""Says `watching` once it knows where the topics end, and `done` when the group has committed all of it."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.contracts.topics import ATTENDANCE_DAY, FEEDBACK
from tests.bench.broker import PARTITIONS, client_options

LOOK_SECONDS = 0.05


async def main(group: str) -> None:
    places = [
        TopicPartition(topic.name, number) for topic in (ATTENDANCE_DAY, FEEDBACK) for number in range(PARTITIONS)
    ]
    async with AIOKafkaConsumer(**client_options()) as consumer:
        ends = await consumer.end_offsets(places)
    admin = AIOKafkaAdminClient(**client_options())
    await admin.start()
    try:
        print("watching", flush=True)
        while True:
            committed = await admin.list_consumer_group_offsets(group, partitions=places)
            if all(committed[place].offset >= ends[place] or not ends[place] for place in places):
                break
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await admin.close()
    print("done", flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
