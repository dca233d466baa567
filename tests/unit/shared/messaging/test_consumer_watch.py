"""The watch over a consumer: what counts as waiting records, also when partitions move between members."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition

from shared.messaging.consuming.consumer_progress import ConsumerProgress
from shared.observability.metrics import Metrics

ONE = TopicPartition("asn.employee.v1", 0)


class FakeClient:
    """What the watch reads from the client."""

    def __init__(self) -> None:
        self.partitions: set[TopicPartition] = {ONE}
        self.fetched = 0
        self.end: int | None = 0

    def assignment(self) -> set[TopicPartition]:
        return self.partitions

    async def position(self, _: TopicPartition) -> int:
        return self.fetched

    def highwater(self, _: TopicPartition) -> int | None:
        return self.end


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def progress() -> ConsumerProgress:
    return ConsumerProgress(Metrics("t"), [ONE.topic])


async def test_fetched_but_not_committed_records_wait(progress: ConsumerProgress, client: FakeClient) -> None:
    progress.committed[ONE] = 3
    client.fetched, client.end = 10, 10
    assert await progress.observe(client) == (True, {ONE: 3})


async def test_all_committed_is_no_wait(progress: ConsumerProgress, client: FakeClient) -> None:
    progress.committed[ONE] = 10
    client.end = 10
    assert await progress.observe(client) == (False, {ONE: 10})


async def test_a_partition_that_went_away_and_came_back_is_read_anew(
    progress: ConsumerProgress, client: FakeClient
) -> None:
    progress.committed[ONE] = 3
    client.partitions = set()
    assert await progress.observe(client) == (False, {})
    # another member committed 3..10 meanwhile; counting them as lag would stop a healthy process
    client.partitions, client.fetched, client.end = {ONE}, 10, 10
    assert await progress.observe(client) == (False, {ONE: 10})
