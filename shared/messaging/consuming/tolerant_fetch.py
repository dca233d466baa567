"""Makes aiokafka return records that it cannot parse, instead of failing at them.

A header name that is not UTF-8 stops aiokafka's reader: each retry fails at the same record, and records of other
partitions from the same call are skipped silently. So, when its reader fails, a slower reader reads the same bytes again,
skips the record and keeps its bytes. Good records are read at full speed.

It replaces two private classes of the pinned aiokafka; tests with real records fail if these change.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint

from shared.messaging.consuming.unpacking import bound_unpacking

__all__ = ["UnparsableRecord", "read_tolerantly"]

_BATCH_HEAD = struct.Struct(">qi")
"""A batch's first offset, and its length behind these twelve bytes."""


@dataclass
class UnparsableRecord(ConsumerRecord):  # type: ignore[misc]
    """Represents a record that the client library cannot parse: its value is the record's raw bytes, as far as they are known.

    If a whole batch cannot be read, because it is too large when unpacked, it represents the batch.
    """

    fault: str = ""


@dataclass(frozen=True, slots=True)
class _RawRecord:
    """What the slower reader returns for a record that it skipped."""

    offset: int
    content: bytes
    fault: str


class _TolerantBatch(_DefaultRecordBatchPy):  # type: ignore[misc]
    """A batch whose records are read independently: one that cannot be parsed still has its length and offset."""

    _buffer: bytearray
    _pos: int

    @property
    def content(self) -> bytes:
        """The received bytes of the batch, before it is read."""
        return bytes(self._buffer)

    def _read_msg(self) -> Any:
        start = self._pos
        try:
            return super()._read_msg()
        except Exception as error:
            length, begin = decode_varint(self._buffer, start)
            _, position = decode_varint(self._buffer, begin)  # attributes
            _, position = decode_varint(self._buffer, position)  # time
            offset_delta, _ = decode_varint(self._buffer, position)
            end = begin + length
            if not begin < end <= len(self._buffer):
                raise
            self._pos = end
            return _RawRecord(self.base_offset + offset_delta, bytes(self._buffer[begin:end]), _description(error))


class _KeptRecords:
    """aiokafka's reader of fetched bytes, with the bytes."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        reader = MemoryRecords(content)
        self.has_next, self.next_batch, self.size_in_bytes = reader.has_next, reader.next_batch, reader.size_in_bytes


class _SlowRecords:
    """The same bytes, from the batch on that holds an offset, in tolerant batches."""

    def __init__(self, content: bytes, offset: int) -> None:
        self._batches = _batches_from(content, offset)
        self._next = next(self._batches, None)

    def has_next(self) -> bool:
        return self._next is not None

    def next_batch(self) -> Any:
        batch, self._next = self._next, next(self._batches, None)
        return batch


def _batches_from(content: bytes, offset: int) -> Iterator[Any]:
    begin = 0
    while begin + _BATCH_HEAD.size <= len(content):
        _, length = _BATCH_HEAD.unpack_from(content, begin)
        end = begin + _BATCH_HEAD.size + length
        if end > len(content):  # cut at the fetch's size; the next fetch begins with it
            return
        batch = _TolerantBatch(memoryview(content)[begin:end])
        if batch.next_offset > offset:
            yield batch
        begin = end


def _stepped_over(content: bytes, start: int) -> tuple[bytes, int]:
    """What is kept of an unreadable batch, and the next offset: the batch, if it is whole, else one offset."""
    batch = next(_batches_from(content, start), None)
    if batch is None or not batch.validate_crc():
        return b"", start + 1
    return batch.content, batch.next_offset


class _TolerantPartition(fetcher.PartitionRecords):  # type: ignore[misc]
    """The records that were fetched of one partition. Its iterator never raises."""

    _records: Any
    next_fetch_offset: int

    def _unpack_records(self) -> Iterator[Any]:
        try:
            yield from super()._unpack_records()
        except Exception as error:  # noqa: BLE001 - whatever the bytes do to the reader
            yield from self._unpack_slowly(self.next_fetch_offset, error)

    def _unpack_slowly(self, start: int, error: Exception) -> Iterator[Any]:
        fetched: bytes = self._records.content
        self._records = _SlowRecords(fetched, start)
        try:
            yield from super()._unpack_records()
        except Exception as again:  # noqa: BLE001
            error = again
        if self.next_fetch_offset <= start:  # not even the record's length can be read
            content, self.next_fetch_offset = _stepped_over(fetched, start)
            reason = f"{_description(error)}; skipped offsets {start} to {self.next_fetch_offset - 1}"
            yield _unparsable(self._tp, _RawRecord(start, content, reason))

    def _consumer_record(self, tp: TopicPartition, record: Any) -> Any:
        return _unparsable(tp, record) if isinstance(record, _RawRecord) else super()._consumer_record(tp, record)


def _unparsable(tp: TopicPartition, raw: _RawRecord) -> UnparsableRecord:
    size = len(raw.content)
    return UnparsableRecord(tp.topic, tp.partition, raw.offset, 0, 0, None, raw.content, None, -1, size, (), raw.fault)


def _description(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def read_tolerantly() -> None:
    """From now on every consumer of this process returns an UnparsableRecord for a record that it cannot parse."""
    bound_unpacking()
    fetcher.MemoryRecords = _KeptRecords
    fetcher.PartitionRecords = _TolerantPartition
