"""A fetch is returned complete: each offset once, good records as they are, others with their bytes."""

from __future__ import annotations

import random
import tracemalloc
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.consuming.tolerant_fetch import UnparsableRecord, read_tolerantly
from shared.messaging.consuming.unpacking import UNPACKED_BYTES_MAX
from tests.fixtures.faults.raw_batches import BAD_NAME, raw_batch

PLACE = TopicPartition("t", 0)
BATCHES = st.lists(st.lists(st.tuples(st.binary(max_size=60), st.booleans()), min_size=1, max_size=8), max_size=5)


def fetched(content: bytes, offset: int) -> list[Any]:
    read_tolerantly()
    read = fetcher.PartitionRecords(PLACE, fetcher.MemoryRecords(content), [], offset, None, None, True, 1)
    found = list(read)
    if found:
        assert read.next_fetch_offset > found[-1].offset
    return found


@given(batches=BATCHES, start=st.integers(0, 7), cut=st.integers(0, 30))
def test_each_offset_once(batches: list[list[tuple[bytes, bool]]], start: int, cut: int) -> None:
    content, whole = b"", []
    start = min(start, len(batches[0]) - 1) if batches else 0  # a fetch begins with the batch that holds its offset
    for batch in batches:
        content += raw_batch(batch, base_offset=len(whole))
        whole += batch
    if batches and cut:  # the broker cuts at the fetch size; the next fetch returns the cut batch
        content = content[:-cut]
        whole = whole[: len(whole) - len(batches[-1])]
    found = fetched(content, start)
    assert [record.offset for record in found] == list(range(start, len(whole)))
    for record in found:
        value, good = whole[record.offset]
        if good:
            assert not isinstance(record, UnparsableRecord)
            assert (record.value, record.headers) == (value, (("good", b"content"),))
        else:
            assert isinstance(record, UnparsableRecord)
            assert record.fault
            assert value in record.value
            assert BAD_NAME in record.value


@given(values=st.lists(st.binary(max_size=40), min_size=1, max_size=6), seed=st.integers(0, 10_000))
def test_no_bytes_end_the_reading(values: list[bytes], seed: int) -> None:
    """One byte is inverted after the batch header: the checksum detects it, and each offset is skipped."""
    content = bytearray(raw_batch([(value, True) for value in values]))
    content[random.Random(seed).randrange(21, len(content))] ^= 0xFF
    found, offset = [], 0
    for _ in range(1_000):
        more = fetched(bytes(content), offset)
        if not more:
            break
        found += more
        offset = more[-1].offset + 1
    assert [record.offset for record in found] == list(range(len(found)))
    assert found
    assert all(isinstance(record, UnparsableRecord) and "CRC" in record.fault for record in found)


CODECS = [pytest.param(number, id=name) for number, name in enumerate(("gzip", "snappy", "lz4", "zstd"), start=1)]


def compressed(codec: int, values: list[bytes]) -> bytes:
    builder = DefaultRecordBatchBuilder(
        2, codec, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=0, batch_size=1 << 30
    )
    for position, value in enumerate(values):
        assert builder.append(position, 1_700_000_000_000, key=b"k", value=value, headers=[]) is not None
    return bytes(builder.build())


@pytest.mark.parametrize("codec", CODECS)
def test_a_compressed_batch_up_to_the_bound_is_read(codec: int) -> None:
    values = [b"x" * 1_000_000, bytes(range(256)) * 40, b""]
    assert [record.value for record in fetched(compressed(codec, values), 0)] == values


@pytest.mark.parametrize("codec", CODECS)
def test_a_batch_that_is_huge_when_unpacked_is_stepped_over_and_kept_packed(codec: int) -> None:
    batch = compressed(codec, [b"x" * 20_000_000] * 2)
    tracemalloc.start()
    (found,) = fetched(batch, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(found, UnparsableRecord)
    assert found.value == batch
    assert f"larger than {UNPACKED_BYTES_MAX} bytes" in found.fault
    assert "offsets 0 to 1" in found.fault
    assert peak < 5 * UNPACKED_BYTES_MAX
