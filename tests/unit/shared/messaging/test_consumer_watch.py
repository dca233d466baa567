"""The watch over a consumer: what counts as waiting records, also when partitions move between members."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import TopicPartition

from shared.messaging.consuming.consumer_progress import ConsumerProgress
from shared.messaging.consuming.incoming import Incoming
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
def metrics() -> Metrics:
    return Metrics("t")


@pytest.fixture
def progress(metrics: Metrics) -> ConsumerProgress:
    return ConsumerProgress(metrics, [ONE.topic])


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


def applied_an_hour_ago(progress: ConsumerProgress, offset: int) -> None:
    recorded_at = (datetime.now(UTC) - timedelta(hours=1)).isoformat().encode()
    headers = [("ce_time", recorded_at)]
    progress.count_applied([Incoming(ONE.topic, 0, offset - 1, b"k", b"{}", headers)])
    progress.committed[ONE] = offset


def lag_seconds(metrics: Metrics) -> float:
    found = metrics.registry.get_sample_value("kinerja_consumer_lag_seconds", {"topic": ONE.topic})
    assert found is not None
    return found


async def test_a_record_after_an_idle_hour_does_not_wait_since_an_hour(
    progress: ConsumerProgress, client: FakeClient, metrics: Metrics
) -> None:
    applied_an_hour_ago(progress, 10)
    client.end = 10
    await progress.observe(client)
    client.end = 11
    assert await progress.observe(client) == (True, {ONE: 10})
    assert 0 <= lag_seconds(metrics) < 60


async def test_records_that_wait_since_the_start_are_as_old_as_the_last_applied_one(
    progress: ConsumerProgress, client: FakeClient, metrics: Metrics
) -> None:
    client.end = None  # nothing is fetched yet: it is not known to be caught up
    await progress.observe(client)
    applied_an_hour_ago(progress, 3)
    client.end = 10
    await progress.observe(client)
    assert 3590 < lag_seconds(metrics) < 3660


async def test_a_new_partition_may_hold_older_records(
    progress: ConsumerProgress, client: FakeClient, metrics: Metrics
) -> None:
    applied_an_hour_ago(progress, 10)
    client.end = 10
    await progress.observe(client)
    client.partitions = {ONE, TopicPartition(ONE.topic, 1)}  # both end at 10, nothing of the second is read
    await progress.observe(client)
    assert 3590 < lag_seconds(metrics) < 3660
