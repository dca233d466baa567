"""Digests do not depend on order; every single change of what a reader keeps changes them."""

from __future__ import annotations

import copy
import random
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.contracts.examples import EXAMPLES
from shared.contracts.topics import ALL_TOPICS, ATTENDANCE_DAY, DISCIPLINE, FEEDBACK, SCORE
from shared.db.digests import BUCKETS, KEPT, Digest, Item, Projection, bucket_of

TOPICS = {topic.name: topic for topic in ALL_TOPICS}
ITEMS = st.lists(
    st.builds(Item, st.text("abc/-", min_size=1, max_size=3), st.integers(1, 9), st.integers(0, 2**64 - 1)), max_size=30
)


def digest_of(items: list[Item]) -> Digest:
    found = Digest()
    for item in items:
        found.add(item)
    return found


@given(ITEMS, st.randoms())
def test_the_order_does_not_matter(items: list[Item], chance: random.Random) -> None:
    other = items[:]
    chance.shuffle(other)
    assert digest_of(items) == digest_of(other)


@given(ITEMS.filter(len), st.data())
def test_an_item_more_less_or_changed_is_seen_in_its_bucket_alone(items: list[Item], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(items) - 1))
    changed = items[at]._replace(hash=(items[at].hash + 1) % 2**64)
    before, after = digest_of(items), digest_of([*items[:at], changed, *items[at + 1 :]])
    differ = [n for n in range(BUCKETS) if before.sums[n] != after.sums[n]]
    assert differ == [bucket_of(items[at].key)]
    # XOR would not detect a thing that is there twice
    assert digest_of([*items, changed, changed]) != digest_of(items)


def record_of(topic: str) -> dict[str, Any]:
    return copy.deepcopy(EXAMPLES[topic][0])


def other(value: Any) -> Any:
    """Another value of about the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str) and "T" in value and value[:4].isdigit():
        return value.replace(":1", ":2", 1) if ":1" in value else value.replace(":", ":1", 1)[: len(value)]
    if isinstance(value, list):
        return [*value, "MORE"]
    if isinstance(value, dict):
        return value | {"completion_time": 1, "work_quality": "1", "version": 99}
    return "another" if value != "another" else None


@pytest.mark.parametrize(("topic", "reader"), list(KEPT))
def test_each_kept_field_the_revision_and_the_name_change_the_item(topic: str, reader: str) -> None:
    projection, record = Projection(topic, reader), record_of(topic)
    item = projection.item(record)
    assert item is not None
    for name in KEPT[topic, reader]:
        value = record.get(name)
        changed = "2026-08-09T00:00:00+07:00" if name in ("first_in", "last_out", "given_at", "as_of") else other(value)
        if name == "recorded_at":
            changed = "2026-08-09T00:00:00Z"
        assert value != changed
        assert projection.item(record | {name: changed}) not in (item, None), name
    later = projection.item(record | {"revision": record["revision"] + 1})
    assert later is not None
    assert (later.hash, later.revision) != (item.hash, item.revision)
    for name in TOPICS[topic].thing:
        assert projection.item(record | {name: "x"}) != item
    assert projection.item(record | {"unknown": 1}) == item


@pytest.mark.parametrize(("topic", "reader"), list(KEPT))
def test_what_is_kept_is_in_the_contract_and_a_default_is_the_same_as_nothing(topic: str, reader: str) -> None:
    model = TOPICS[topic].model
    assert set(KEPT[topic, reader]) <= set(model.model_fields)
    minimal = {
        n: v for n, v in record_of(topic).items() if n in model.model_fields and model.model_fields[n].is_required()
    }
    if "ratings" in model.model_fields:
        minimal["ratings"] = {"product": 4}
    whole = orjson.loads(orjson.dumps(model.model_validate(minimal).model_dump(mode="json")))
    projection = Projection(topic, reader)
    assert projection.item(minimal) == projection.item(whole)


def test_a_moment_has_one_hash_however_it_is_spelled_but_its_offset_counts() -> None:
    projection, record = Projection(ATTENDANCE_DAY.name, "scoring"), record_of(ATTENDANCE_DAY.name)
    record["recorded_at"], record["first_in"] = "2026-08-04T03:17:42Z", "2026-08-04T07:21:09+07:00"
    same = record | {"recorded_at": "2026-08-04T03:17:42+00:00", "first_in": "2026-08-04T07:21:09.000000+07:00"}
    assert projection.item(record) == projection.item(same)
    assert projection.item(record) != projection.item(record | {"first_in": "2026-08-04T00:21:09Z"})


def test_the_canary_is_left_out_for_not_every_reader_keeps_it() -> None:
    record = record_of(ATTENDANCE_DAY.name) | {"employee_id": str(CANARY_EMPLOYEE_ID)}
    assert Projection(ATTENDANCE_DAY.name, "scoring").item(record) is None


@pytest.mark.parametrize(
    ("topic", "reader"),
    [(ATTENDANCE_DAY, "scoring"), (FEEDBACK, "scoring"), (SCORE, "notifications"), (DISCIPLINE, "notifications")],
    ids=lambda each: each if isinstance(each, str) else each.name,
)
def test_a_reader_that_keeps_whole_records_keeps_every_field(topic: Any, reader: str) -> None:
    named = {*KEPT[topic.name, reader]}
    assert {*topic.model.model_fields} - named == {"revision", *topic.thing}
    assert not named & {"revision", *topic.thing}


def test_an_item_has_the_things_values_its_revision_and_a_hash_of_eight_bytes() -> None:
    record = record_of(ATTENDANCE_DAY.name)
    item = Projection(ATTENDANCE_DAY.name, "scoring").item(record)
    assert item is not None
    assert item.key == "/".join(record[name] for name in ATTENDANCE_DAY.thing)
    assert item.revision == record["revision"]
    assert 0 <= item.hash < 2**64


def test_things_are_counted_and_their_hashes_are_summed_by_bucket() -> None:
    found = digest_of([Item("a", 1, 5), Item("a", 1, 2**64 - 2), Item("b", 1, 7)])
    assert found.things == 3
    assert {n: found.sums[n] for n in (bucket_of("a"), bucket_of("b"))} == {bucket_of("a"): 3, bucket_of("b"): 7}
    assert sum(found.sums) == 10


class DriverUuid(UUID):
    """As a database driver's own type."""


def test_a_drivers_values_give_the_same_item_as_text() -> None:
    record = record_of("asn.employee.v1")
    boss = "0198f4c2-0000-7000-8000-000000000001"
    projection = Projection("asn.employee.v1", "scoring")
    assert projection.item(record | {"superior_id": DriverUuid(boss)}) == projection.item(
        record | {"superior_id": boss}
    )


def test_the_order_of_a_fields_parts_does_not_matter() -> None:
    record = record_of(FEEDBACK.name)
    projection = Projection(FEEDBACK.name, "scoring")
    one, other_way = {"product": 4, "duration": 3}, {"duration": 3, "product": 4}
    assert projection.item(record | {"ratings": one}) == projection.item(record | {"ratings": other_way})


def test_a_required_field_that_is_missing_is_the_same_as_none() -> None:
    record = record_of("asn.employee.v1")
    projection = Projection("asn.employee.v1", "scoring")
    without = {name: value for name, value in record.items() if name != "name"}
    assert projection.item(without) == projection.item(record | {"name": None})
