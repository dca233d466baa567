"""A consumer whose batch fails, through FastStream's test client: nothing that fails is passed over in silence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from faststream.kafka import TestKafkaBroker

from shared.contracts.topics import EMPLOYEE
from shared.messaging.consuming import consumer as consumer_module
from shared.messaging.consuming.consumer import BatchConsumer
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import Incoming
from shared.observability.metrics import Metrics
from shared.settings.settings import ServiceSettings
from tests.fixtures.logs import captured_logs

SETTINGS = ServiceSettings(
    database_url="postgresql+asyncpg://u@h/d",
    operator_key="k" * 20,
    link_key="k" * 20,
    unusable_records_per_minute=1,
)


class Store:
    """A store that parks what it is given, unless it is broken."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        yield

    async def park(self, _: Any, parked: Sequence[Parked]) -> int:
        if self.fault is not None:
            raise self.fault
        return len(parked)


class Handler:
    """Keeps the records that it gets, and can use those whose value is `good`."""

    def __init__(self) -> None:
        self.records: list[Incoming] = []

    async def __call__(self, _: Any, records: Sequence[Incoming]) -> list[Parked]:
        self.records += records
        return [Parked(record, "BAD", "it is not good") for record in records if record.value != b"good"]


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """The log as in production: a terminal's coloured tracebacks take seconds."""
    with captured_logs():
        yield


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def make(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> Callable[[Store], BatchConsumer]:
    monkeypatch.setattr(consumer_module, "WATCH_SECONDS", 0.0)

    def consumer(store: Store) -> BatchConsumer:
        shared: Any = store
        return BatchConsumer(SETTINGS, shared, shared, Metrics("t"), handler, service="scoring", topics=[EMPLOYEE.name])

    return consumer


async def publish(consumer: BatchConsumer, *values: bytes) -> None:
    """Gives each value to the consumer as a batch of its own; returns when FastStream is done with them."""
    for value in values:
        await consumer.broker.publish(value, topic=EMPLOYEE.name, key=b"k")


async def test_a_record_reaches_the_handler_as_received(
    make: Callable[[Store], BatchConsumer], handler: Handler
) -> None:
    consumer = make(Store())
    async with TestKafkaBroker(consumer.broker):
        await consumer.broker.publish(b"good", topic=EMPLOYEE.name, key=b"k", headers={"ce_id": "1"})
    (record,) = handler.records
    assert (record.topic, record.partition, record.key, record.value) == (EMPLOYEE.name, 0, b"k", b"good")
    assert ("ce_id", b"1") in record.headers
    assert record.fault is None


async def test_too_many_unusable_records_halt_it_before_the_next_batch(
    make: Callable[[Store], BatchConsumer], handler: Handler
) -> None:
    consumer = make(Store())
    async with TestKafkaBroker(consumer.broker):
        await publish(consumer, b"bad", b"bad", b"good")
    assert consumer.halted is not None
    assert "2 records within a minute cannot be used" in consumer.halted
    assert [record.value for record in handler.records] == [b"bad", b"bad"]


async def test_a_batch_that_can_be_neither_applied_nor_parked_ends_it(
    make: Callable[[Store], BatchConsumer], handler: Handler
) -> None:
    consumer = make(Store(ValueError("a bug")))
    async with TestKafkaBroker(consumer.broker):
        await publish(consumer, b"bad", b"good")
        with pytest.raises(RuntimeError, match="waiting cannot mend"):
            await consumer.run()
    assert not any(record.value == b"good" for record in handler.records)


async def test_a_batch_that_cannot_be_given_to_the_handler_ends_it(
    make: Callable[[Store], BatchConsumer], handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer = make(Store())
    async with TestKafkaBroker(consumer.broker):
        with monkeypatch.context() as patch:
            patch.setattr(consumer_module, "Incoming", SimpleNamespace)  # takes no record: a bug in our decoder
            await publish(consumer, b"good")
        await publish(consumer, b"good")  # applying and committing it would skip the one before it
        with pytest.raises(RuntimeError, match="waiting cannot mend"):
            await consumer.run()
    assert handler.records == []
