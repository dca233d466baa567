"""Reads the records and does nothing with them: the client's own limit, the baseline for the scoring path."""

from __future__ import annotations

import sys
import time

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.topics import ATTENDANCE_DAY, FEEDBACK
from tests.bench.broker import PARTITIONS, client_options


async def main(bootstrap_servers: str, count: int) -> None:
    consumer = AIOKafkaConsumer(
        fetch_max_wait_ms=10, max_partition_fetch_bytes=1_048_576, **client_options(bootstrap_servers)
    )
    await consumer.start()
    try:
        partitions = [
            TopicPartition(topic.name, number) for topic in (ATTENDANCE_DAY, FEEDBACK) for number in range(PARTITIONS)
        ]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        read = 0
        started: float | None = None
        first = 0
        while read < count:
            batches = await consumer.getmany(timeout_ms=1_000, max_records=5_000)
            read += sum(map(len, batches.values()))
            if started is None and read:
                started, first = time.perf_counter(), read
        assert started is not None
        seconds = time.perf_counter() - started
    finally:
        await consumer.stop()
    print(orjson.dumps({"per_second": (read - first) / seconds}).decode())


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
