"""A round of the relay against a producer whose broker accepts, refuses and fails as configured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumber,
    TopicAuthorizationFailedError,
)

from shared.messaging.producing import sending
from shared.messaging.producing.sending import SendResult, send_rows


@dataclass(frozen=True)
class Row:
    id: int
    key: bytes
    value: bytes = b"{}"
    topic: str = "asn.score.v1"
    headers: bytes = b'[["ce_id", "1"]]'


Answer = Exception | str | None
"""The result of a message: accepted (None), failed, or never answered (`silence`)."""


@dataclass
class Producer:
    """`send` itself raises `at_once`; `answer` comes later. Is also its own client and cluster."""

    at_once: Callable[[bytes], Exception | None] = lambda _: None
    answer: Callable[[bytes], Answer] = lambda _: None
    alone: Callable[[bytes], Answer] = lambda _: None
    missing: set[str] = field(default_factory=set)
    unauthorized_topics: set[str] = field(default_factory=set)
    reachable: bool = True
    log: list[bytes] = field(default_factory=list)
    renewed: int = 0

    @property
    def client(self) -> Producer:
        return self

    @property
    def cluster(self) -> Producer:
        return self

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return None if topic in self.missing | self.unauthorized_topics else {0}

    def add_topic(self, _: str) -> None:
        return None

    async def force_metadata_update(self) -> bool:
        return self.reachable

    async def send(self, *, value: bytes, **_: Any) -> asyncio.Future[None]:
        if error := self.at_once(value):
            raise error
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answer = self.answer(value)
        if answer is None:
            self.log.append(value)
            future.set_result(None)
        elif isinstance(answer, Exception):
            future.set_exception(answer)
        return future

    async def send_and_wait(self, *, value: bytes, **_: Any) -> None:
        answer = self.alone(value)
        if isinstance(answer, Exception):
            raise answer
        self.log.append(value)

    async def renew(self) -> Any:
        self.renewed += 1
        return self


async def run(producer: Producer, *rows: Row) -> SendResult:
    return await send_rows(producer, rows, producer.renew)  # type: ignore[arg-type]


def large(value: bytes) -> Exception | None:
    return MessageSizeTooLargeError() if len(value) > 10 else None


def ids(rows: list[Any]) -> list[int]:
    return [row.id for row in rows]


async def test_a_record_that_is_too_large_holds_back_the_later_ones_of_its_key_only() -> None:
    producer = Producer(at_once=large)
    result = await run(
        producer, Row(1, b"a"), Row(2, b"a", b"x" * 11), Row(3, b"a"), Row(4, b"b"), Row(5, b"a", topic="other")
    )
    assert ids(result.sent) == [1, 4, 5]
    assert [(each.row.id, each.holds) for each in result.refused] == [(2, "key")]
    assert (result.failure, producer.renewed) == (None, 0)


async def test_a_refused_batch_is_sent_again_record_by_record() -> None:
    producer = Producer(
        answer=lambda value: OutOfOrderSequenceNumber() if value == b"next" else MessageSizeTooLargeError(),
        alone=large,
    )
    result = await run(
        producer, Row(1, b"a"), Row(2, b"b", b"x" * 11), Row(3, b"c"), Row(4, b"b", b"behind"), Row(5, b"d", b"next")
    )
    assert ids(result.sent) == [1, 3]
    assert [each.row.id for each in result.refused] == [2]
    assert result.failure is None, "the one after a refused batch is no fault of the broker: it is sent next time"
    assert producer.log == [b"{}", b"{}"]
    assert producer.renewed == 2, "before the first, and after the refusal"


@pytest.mark.parametrize("headers", [b"", b"\xff", b"[1]", b'[["a", 1]]', b'[[1, "a"]]', b'{"a": "b"}', b"null"])
async def test_headers_that_are_none_are_their_own_records_fault(headers: bytes) -> None:
    result = await run(Producer(), Row(1, b"a", headers=headers), Row(2, b"b"))
    assert ids(result.sent) == [2]
    assert [(each.row.id, each.holds) for each in result.refused] == [(1, "key")]
    assert result.failure is None


@pytest.mark.parametrize("fault", ["missing", "unauthorized_topics"])
async def test_a_missing_or_forbidden_topic_holds_back_its_own_records_only(fault: str) -> None:
    producer = Producer(**{fault: {"no"}})
    result = await run(producer, Row(1, b"a", topic="no"), Row(2, b"b", topic="no"), Row(3, b"a"))
    assert ids(result.sent) == [3]
    assert [(each.row.id, each.holds) for each in result.refused] == [(1, "topic")]
    assert result.failure is None


async def test_a_right_that_is_missing_at_the_write_holds_back_the_topic_too() -> None:
    producer = Producer(answer=lambda value: TopicAuthorizationFailedError("t") if value == b"no" else None)
    rows = (Row(1, b"a", b"no", topic="t"), Row(2, b"b", b"no", topic="t"), Row(3, b"a"))
    result = await run(producer, *rows)
    assert ids(result.sent) == [3]
    assert [(each.row.id, each.holds) for each in result.refused] == [(1, "topic")]


async def test_a_failing_partition_marks_nothing_and_what_was_acknowledged_counts() -> None:
    producer = Producer(answer=lambda value: NotLeaderForPartitionError() if value == b"no" else None)
    result = await run(producer, Row(1, b"a", b"no"), Row(2, b"a"), Row(3, b"b"))
    assert ids(result.sent) == [3], "2 was acknowledged, but stands behind 1"
    assert result.refused == []
    assert result.failure is not None


async def test_a_broker_that_is_away_refuses_nothing() -> None:
    result = await run(Producer(missing={"asn.score.v1"}, reachable=False), Row(1, b"a"))
    assert (result.sent, result.refused) == ([], [])
    assert isinstance(result.failure, KafkaConnectionError)


async def test_what_is_acknowledged_before_the_deadline_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "ROUND_DEADLINE_SECONDS", 0.2)
    producer = Producer(answer=lambda value: "silence" if value == b"slow" else None)
    result = await run(producer, Row(1, b"a", b"slow"), Row(2, b"b"))
    assert ids(result.sent) == [2]
    assert result.refused == []
    assert isinstance(result.failure, TimeoutError)
