"""The watch over a consumer: what counts as waiting records, also when partitions move between members."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.messaging.consuming.consumer import BatchConsumer
from shared.observability.metrics import Metrics
from shared.settings.settings import ServiceSettings

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
def consumer(client: FakeClient) -> BatchConsumer:
    settings = ServiceSettings(database_url="postgresql+asyncpg://u@h/d", operator_key="k" * 20, link_key="k" * 20)
    nothing: Any = None
    made = BatchConsumer(settings, nothing, nothing, Metrics("t"), nothing, service="t", topics=[ONE.topic])
    made._subscriber = SimpleNamespace(consumer=client)  # type: ignore[assignment]
    return made


async def test_fetched_but_not_committed_records_wait(consumer: BatchConsumer, client: FakeClient) -> None:
    consumer._done[ONE] = 3
    client.fetched, client.end = 10, 10
    assert await consumer._observe() == (True, {ONE: 3})


async def test_all_committed_is_no_wait(consumer: BatchConsumer, client: FakeClient) -> None:
    consumer._done[ONE] = 10
    client.end = 10
    assert await consumer._observe() == (False, {ONE: 10})


async def test_a_partition_that_went_away_and_came_back_is_read_anew(
    consumer: BatchConsumer, client: FakeClient
) -> None:
    consumer._done[ONE] = 3
    client.partitions = set()
    assert await consumer._observe() == (False, {})
    # another member committed 3..10 meanwhile; counting them as lag would stop a healthy process
    client.partitions, client.fetched, client.end = {ONE}, 10, 10
    assert await consumer._observe() == (False, {ONE: 10})
