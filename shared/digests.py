"""What a reader keeps of a topic's things, as numbers that its owner and the reader can compare.

A thing's hash is of its name, its revision and the fields that the reader keeps. Hashes are added up in buckets by the name:
two sides are the same where all sums are, in whatever order they were read; only buckets that differ are looked at one by
one. There is no personal data in what is exchanged.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from shared.contracts.canary import CANARY_EMPLOYEE_ID
from shared.contracts.topics import ALL_TOPICS, ATTENDANCE_DAY, DISCIPLINE, EMPLOYEE, FEEDBACK, SCORE, Topic

__all__ = ["BUCKETS", "KEPT", "Digest", "Item", "Projection", "bucket_of"]

BUCKETS = 256
_HASH_BYTES = 8


def _whole(topic: Topic[Any]) -> tuple[str, ...]:
    return tuple(name for name in topic.model.model_fields if name != "revision" and name not in topic.thing)


KEPT: Mapping[tuple[str, str], tuple[str, ...]] = {
    (EMPLOYEE.name, "scoring"): ("name", "employment_type", "org_unit_id", "org_unit_name", "superior_id"),
    (EMPLOYEE.name, "feedback"): (
        "name", "org_unit_id", "org_unit_name", "superior_id", "active_from", "active_to",
    ),
    (EMPLOYEE.name, "notifications"): ("name", "org_unit_id", "org_unit_name", "superior_id", "email"),
    (ATTENDANCE_DAY.name, "scoring"): _whole(ATTENDANCE_DAY),
    (FEEDBACK.name, "scoring"): _whole(FEEDBACK),
    (SCORE.name, "notifications"): _whole(SCORE),
    (DISCIPLINE.name, "notifications"): _whole(DISCIPLINE),
}  # fmt: skip
"""By topic and reading service: the fields that it keeps beside the thing's name and revision. Its consumer writes these."""

_TOPICS = {topic.name: topic for topic in ALL_TOPICS}
# One moment has several spellings; the offset is part of what it says.
_MOMENTS = frozenset({"recorded_at", "first_in", "last_out", "given_at", "as_of"})
_CANARY = str(CANARY_EMPLOYEE_ID)


class Item(NamedTuple):
    """A thing as one side has it. `key`: the values of `Topic.thing` with slashes between."""

    key: str
    revision: int
    hash: int


class Projection:
    """From a row or record of a topic's thing to its item for one reader. Raises KeyError where nobody keeps such things."""

    def __init__(self, topic: str, reader: str) -> None:
        model = _TOPICS[topic].model.model_fields
        self._thing = tuple(_TOPICS[topic].thing)
        self._fields = [
            (name, None if model[name].is_required() else model[name].get_default(), name in _MOMENTS)
            for name in KEPT[topic, reader]
        ]

    def item(self, row: Mapping[str, Any]) -> Item | None:
        """The item of a row that has the thing's values, `revision` and the kept fields; others are ignored, a field that is
        missing has the contract's default. None for the canary: not every reader keeps it.
        """
        key = "/".join([str(row[name]) for name in self._thing])
        if key.startswith(_CANARY):
            return None
        content = [key, row["revision"]]
        for name, default, is_moment in self._fields:
            value = row.get(name, default)
            content.append(datetime.fromisoformat(value) if is_moment and isinstance(value, str) else value)
        body = orjson.dumps(content, default=_plain, option=orjson.OPT_SORT_KEYS)
        return Item(key, row["revision"], int.from_bytes(hashlib.blake2b(body, digest_size=_HASH_BYTES).digest()))


def _plain(value: Any) -> str:
    if isinstance(value, UUID):  # the database driver's own kind
        return str(value)
    raise TypeError(f"no plain form of {type(value).__name__}")


def bucket_of(key: str) -> int:
    """0 to BUCKETS - 1; the same in every process and release."""
    return zlib.crc32(key.encode()) % BUCKETS


@dataclass(slots=True)
class Digest:
    """One side's things, added up."""

    things: int = 0
    sums: list[int] = field(default_factory=lambda: [0] * BUCKETS)

    def add(self, item: Item) -> None:
        self.things += 1
        bucket = bucket_of(item.key)
        # A sum, not an exclusive or: two equal items do not cancel each other.
        self.sums[bucket] = (self.sums[bucket] + item.hash) % 2 ** (8 * _HASH_BYTES)
