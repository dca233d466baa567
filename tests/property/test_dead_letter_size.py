"""A dead letter of any record fits on its topic; if it is cut, it says where the whole record is."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import orjson
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import encode
from shared.contracts.events.dead_letter import DeadLetterRecord
from shared.contracts.topics import DEAD_LETTER
from shared.messaging.consuming.dead_letters import printable
from shared.messaging.consuming.incoming import LETTER_BYTES_MAX, Incoming, dead_letter

NOW = datetime(2026, 8, 6, 2, tzinfo=UTC)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
KAFKA_BYTES_MAX = 1_000_000

sizes = st.one_of(
    st.integers(0, 40_000), st.sampled_from([16_384, 16_385, 262_144, 262_145, 1_048_576, 3_145_728, 6_000_000])
)
contents = st.none() | sizes.map(lambda size: b"\xfe" * size)
# the longest characters: JSON writes the first with six bytes
characters = st.sampled_from(["\x00", "é", "a", "\U0001f600", '"', "\ud800"])
names = st.builds(lambda c, n: c * n, characters, st.one_of(st.integers(0, 300), st.sampled_from([16_000, 100_000])))
headers = st.one_of(
    st.lists(st.tuples(names, contents), max_size=4),
    st.builds(lambda n, name: [(name, b"v")] * n, st.sampled_from([300, 20_000]), st.sampled_from(["", "\x00", "ab"])),
)
topics = st.builds(lambda c, n: c * n, st.sampled_from(["a", "\x01", "\U0001f600"]), st.integers(1, 249))
numbers = st.sampled_from([0, 2**31 - 1])


@given(
    record=st.builds(Incoming, topics, numbers, st.sampled_from([0, 2**63 - 1]), contents, contents, headers),
    detail=st.builds(lambda c, n: c * n, characters, st.sampled_from([0, 999, 5_000])),
    generation=numbers.map(lambda n: max(0, n - 1)),
)
@settings(deadline=None, max_examples=300)
def test_the_encoded_record_is_below_the_bound(record: Incoming, detail: str, generation: int) -> None:
    letter = dead_letter("notifications", record, "NOT_VALID", printable(detail), generation=generation, now=NOW)
    sent = encode(DEAD_LETTER, letter, source="notifications", event_id=UUID(int=1), traceparent=TRACEPARENT)
    size = DefaultRecordBatchBuilder.estimate_size_in_bytes(sent.key, sent.value, list(sent.headers))
    assert size <= LETTER_BYTES_MAX < KAFKA_BYTES_MAX

    read = DeadLetterRecord.model_validate(orjson.loads(sent.value))
    assert read.value_bytes == (None if record.value is None else len(record.value))
    assert read.key_bytes == (None if record.key is None else len(record.key))
    assert read.header_count == len(record.headers)
    same = read.key == record.key and read.value == record.value and len(read.headers) == len(record.headers)
    assert (read.whole_at is None) == same
