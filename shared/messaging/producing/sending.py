"""One round of sending outbox rows: which were acknowledged, which are refused, and whether the broker failed.

A permanent refusal holds back the row and the rows behind it: the later rows of its topic and key, or its whole topic if
that is missing or forbidden. All other rows of the round are sent. Any other error is a failure of the broker or of the
network: its rows are unchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    CorruptRecordException,
    InvalidTimestampError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    PolicyViolationError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownTopicOrPartitionError,
)

from shared.observability.log_safety import safe_message

__all__ = ["ROUND_DEADLINE_SECONDS", "Refusal", "SendResult", "send_rows"]

ROUND_DEADLINE_SECONDS = 20.0
ERROR_CHARS_MAX = 500
METADATA_LOOKS = 2
"""The first response may belong to a request from before the topic was created."""

_OF_TOPIC = (UnknownTopicOrPartitionError, TopicAuthorizationFailedError, InvalidTopicError)
_OF_RECORD = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    CorruptRecordException,
    InvalidTimestampError,
    PolicyViolationError,
    UnknownError,  # also every code that aiokafka does not know, such as 87 INVALID_RECORD
)

Renew = Callable[[], Awaitable[AIOKafkaProducer]]
"""Replaces the producer: one whose batch was refused has used up a sequence number that the broker never saw."""


class Refusal(NamedTuple):
    """A refused row, and which rows wait behind it."""

    row: Any
    holds: Literal["key", "topic"]
    error: str


@dataclass
class SendResult:
    """The result of a round; rows in neither list are unchanged."""

    sent: list[Any] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    failure: Exception | None = None
    """The failure of the broker or of the network, if any."""
    alone: list[Any] = field(default_factory=list)
    """Rows of a refused batch; any of them may be the cause."""
    _stopped: dict[tuple[str, bytes | None], int] = field(default_factory=dict)

    def waits(self, row: Any) -> bool:
        """Whether the row was not sent, or waits behind such a row."""
        places = ((row.topic, row.key), (row.topic, None))
        return any(place in self._stopped and row.id >= self._stopped[place] for place in places)

    def stop(self, row: Any, *, topic: bool = False) -> None:
        """The row was not sent: later ones of its key, or of its topic, wait for it."""
        self._stopped[row.topic, None if topic else row.key] = row.id

    def refuse(self, row: Any, error: Exception) -> None:
        """The row is refused, and will be refused until somebody solves the cause."""
        message = safe_message(error)
        text = f"{type(error).__name__}: {message}" if message else type(error).__name__
        topic = isinstance(error, _OF_TOPIC)
        self.stop(row, topic=topic)
        self.refused.append(Refusal(row, "topic" if topic else "key", text[:ERROR_CHARS_MAX]))

    def settle(self, pending: Sequence[tuple[Any, asyncio.Future[Any]]]) -> None:
        """Sorts the rows by their results, in their order."""
        faults: list[BaseException] = []
        for row, future in pending:
            if not future.done():
                future.cancel()
                self.stop(row)
                continue
            error = future.exception()
            if self.waits(row):
                continue  # acknowledged or not: it is sent again after the one before it
            if error is None:
                self.sent.append(row)
            elif isinstance(error, _OF_TOPIC):
                self.refuse(row, error)
            else:
                self.stop(row)
                if isinstance(error, _OF_RECORD):
                    self.alone.append(row)
                else:
                    faults.append(error)
        if self.alone:  # rows after a refused batch fail for the gap in sequence numbers: not a failure of the broker
            faults = [error for error in faults if not isinstance(error, OutOfOrderSequenceNumber)]
        if faults and self.failure is None:
            self.failure = KafkaError(f"{len(faults)} events were not acknowledged: {type(faults[0]).__name__}")


async def send_rows(producer: AIOKafkaProducer, rows: Sequence[Any], renew: Renew) -> SendResult:
    """Sends the rows, in the order of their ids, within the deadline."""
    result = SendResult()
    try:
        async with asyncio.timeout(ROUND_DEADLINE_SECONDS):
            await _refuse_topics(producer, rows, result)
            await _send_together(producer, rows, result)
            if result.alone:
                await _send_alone(result.alone, result, renew)
    except (KafkaError, TimeoutError) as error:
        result.failure = error
    return result


async def _refuse_topics(producer: AIOKafkaProducer, rows: Sequence[Any], result: SendResult) -> None:
    """Requests the metadata of unknown topics once: sending to a missing topic would wait for it and delay all rows."""
    client = producer.client
    first = {row.topic: row for row in reversed(rows)}
    unknown = [topic for topic in first if client.cluster.partitions_for_topic(topic) is None]
    for topic in unknown:
        client.add_topic(topic)
    for _ in range(METADATA_LOOKS):
        if not unknown:
            return
        if not await client.force_metadata_update():
            raise KafkaConnectionError("no broker answers")
        unknown = [topic for topic in unknown if client.cluster.partitions_for_topic(topic) is None]
    for topic in unknown:
        forbidden = topic in client.cluster.unauthorized_topics
        result.refuse(
            first[topic], (TopicAuthorizationFailedError if forbidden else UnknownTopicOrPartitionError)(topic)
        )


async def _send_together(producer: AIOKafkaProducer, rows: Sequence[Any], result: SendResult) -> None:
    """Sends all rows in batches. Rows of a refused batch are left for `_send_alone`."""
    pending: list[tuple[Any, asyncio.Future[Any]]] = []
    try:
        for row in rows:
            if result.waits(row):
                continue
            try:
                pending.append((row, await producer.send(**_message(row))))
            except (*_OF_RECORD, *_OF_TOPIC, ValueError) as error:
                result.refuse(row, error)
            except KafkaError as error:
                result.failure = error
                break
        if pending:
            await asyncio.wait([future for _, future in pending])
    finally:
        result.settle(pending)


async def _send_alone(rows: Sequence[Any], result: SendResult, renew: Renew) -> None:
    """Sends each row in its own batch, because one record can cause the refusal of a whole batch.

    The rows are of different keys: `settle` leaves out those that wait behind another.
    """
    producer = await renew()
    for row in rows:
        try:
            await producer.send_and_wait(**_message(row))
        except (*_OF_RECORD, *_OF_TOPIC) as error:
            result.refuse(row, error)
            producer = await renew()
        else:
            result.sent.append(row)


def _message(row: Any) -> dict[str, Any]:
    """The row in the producer's form. Raises ValueError if the stored headers are not valid."""
    try:
        headers = [(name, content.encode()) for name, content in orjson.loads(row.headers)]
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError("the stored headers are no list of [name, text]") from error
    if not all(isinstance(name, str) for name, _ in headers):
        raise ValueError("the stored headers are no list of [name, text]")
    return {"topic": row.topic, "key": row.key, "value": row.value, "headers": headers}
