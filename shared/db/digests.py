"""Checksums of a topic's things, with which an owner and a reader compare their states.

A thing's hash covers its name, its revision and the fields that the reader stores. Hashes are summed in buckets by name:
two sides are equal if all sums are equal, whatever the reading order; only buckets that differ are compared thing by
thing. The exchange contains no personal data.
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

from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
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
"""By topic and reading service: the fields that it stores besides the thing's name and revision. Its consumer writes these."""

_TOPICS = {topic.name: topic for topic in ALL_TOPICS}
# A timestamp can be written in several ways; the offset is part of its meaning.
_MOMENTS = frozenset({"recorded_at", "first_in", "last_out", "given_at", "as_of"})
_CANARY = str(CANARY_EMPLOYEE_ID)


class Item(NamedTuple):
    """A thing on one side. `key`: the values of `Topic.thing` with slashes between."""

    key: str
    revision: int
    hash: int


class Projection:
    """Turns a row or record of a topic into its item for one reader. Raises KeyError if no reader stores such things."""

    def __init__(self, topic: str, reader: str) -> None:
        model = _TOPICS[topic].model.model_fields
        self._thing = tuple(_TOPICS[topic].thing)
        self._fields = [
            (name, None if model[name].is_required() else model[name].get_default(), name in _MOMENTS)
            for name in KEPT[topic, reader]
        ]

    def item(self, row: Mapping[str, Any]) -> Item | None:
        """The item of a row with the thing's values, `revision` and the stored fields; others are ignored, a missing field
        has the contract's default. None for the canary: not every reader stores it.
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
    if isinstance(value, UUID):  # the database driver's own UUID type
        return str(value)
    raise TypeError(f"no plain form of {type(value).__name__}")


def bucket_of(key: str) -> int:
    """0 to BUCKETS - 1; the same in every process and release."""
    return zlib.crc32(key.encode()) % BUCKETS


@dataclass(slots=True)
class Digest:
    """The sums of one side's things."""

    things: int = 0
    sums: list[int] = field(default_factory=lambda: [0] * BUCKETS)

    def add(self, item: Item) -> None:
        self.things += 1
        bucket = bucket_of(item.key)
        # A sum, not XOR: two equal items do not cancel each other.
        self.sums[bucket] = (self.sums[bucket] + item.hash) % 2 ** (8 * _HASH_BYTES)
