"""Whether the readers of a topic have the same state as its owner: compares digests first, and things where these differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from cli.client import PREFIXES
from cli.findings import read_json
from shared.contracts.topics import ALL_TOPICS
from shared.db.digests import BUCKETS, KEPT

__all__ = ["Comparison", "Difference", "compare", "compare_all"]

SETTLE_SECONDS = 5.0
"""Pause between two comparisons: records that wait in a queue arrive meanwhile."""
BUCKETS_MAX = 8
THINGS_MAX = 20_000
"""Approximate size of one listing: for a city's semester of days, two or three buckets."""
PORTIONS_MAX = 4
"""Further listings of other buckets, if the differences in the first ones are only records in a queue."""

OWNERS = {topic.name: topic.owner for topic in ALL_TOPICS}

Side = tuple[int, str]
"""Revision and hash."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A thing that differs between its owner and a reader, twice in a row; None: that side does not have it."""

    topic: str
    reader: str
    thing: str
    owner: Side | None
    kept: Side | None

    @property
    def behind(self) -> bool:
        """Whether a record that is still queued would explain it."""
        return self.owner is not None and (self.kept is None or self.kept[0] < self.owner[0])

    def words(self) -> str:
        """The difference and what to do; no personal data."""
        name, owner = f"{self.topic} {self.thing}", OWNERS[self.topic]
        if self.owner is None:
            revision = self.kept[0] if self.kept else 0
            return f"{name}: {self.reader} keeps revision {revision}, {owner} has none: docs/runbooks/replay.md"
        if self.kept is None or self.behind:
            has = f"keeps revision {self.kept[0]}" if self.kept else "has none"
            return (
                f"{name}: {self.reader} {has}, {owner} has {self.owner[0]}:"
                " kinerja dead-letters list, else kinerja republish"
            )
        wrong = self.kept[0]
        says = "another content of" if wrong == self.owner[0] else "revision"
        return (
            f"{name}: {self.reader} keeps {says} {wrong}, {owner} has {self.owner[0]}:"
            f' kinerja republish {self.topic} {self.thing} --above {wrong} --reason "…"'
        )


@dataclass
class Comparison:
    """One topic at one reader."""

    topic: str
    reader: str
    semester: str
    things: int
    differences: list[Difference] = field(default_factory=list)
    on_their_way: int = 0
    buckets_left: int = 0
    """Buckets that differ and were not examined: they have too many things to list."""


def compare_all(
    http: httpx.Client,
    semester: str | None = None,
    *,
    pause: Callable[[float], None] = time.sleep,
    skip: Container[str] = (),
) -> Iterator[Comparison]:
    """Every reader of every topic that is not skipped, for one semester (the server's current one if None).

    Officers belong to no semester, and yearly records belong to both semesters of the year. Raises httpx.HTTPError.
    """
    for topic, reader in KEPT:
        if topic not in skip:
            yield compare(http, topic, reader, semester, pause=pause)


def compare(
    http: httpx.Client, topic: str, reader: str, semester: str | None, *, pause: Callable[[float], None] = time.sleep
) -> Comparison:
    """Compares an owner with a reader; a difference counts if it is the same twice, some seconds apart."""
    query: dict[str, Any] = {"reader": reader} | ({"semester": semester} if semester else {})
    owner, kept, differ = _differing_buckets(http, topic, reader, query)
    found = Comparison(topic, reader, owner["semester"], owner["things"])
    query["semester"] = found.semester
    if not differ:
        return found
    pause(SETTLE_SECONDS)
    differ &= _differing_buckets(http, topic, reader, query)[2]
    left = sorted(differ)
    portion = min(BUCKETS_MAX, max(1, THINGS_MAX * BUCKETS // max(1, owner["things"], kept["things"])))
    for _ in range(PORTIONS_MAX):
        chosen, left = left[:portion], left[portion:]
        if not chosen:
            break
        first, _ = _look(http, topic, reader, query | {"bucket": chosen})
        pause(SETTLE_SECONDS)
        second, in_flight = _look(http, topic, reader, query | {"bucket": chosen})
        for difference in sorted(first & second, key=lambda d: d.thing):
            if in_flight and difference.behind:
                found.on_their_way += 1
            else:
                found.differences.append(difference)
        if found.differences:
            break
    found.buckets_left = len(left)
    return found


def _differing_buckets(
    http: httpx.Client, topic: str, reader: str, query: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], set[int]]:
    owner, kept = (_ask(http, service, topic, "", query) for service in (OWNERS[topic], reader))
    pairs = enumerate(zip(owner["buckets"], kept["buckets"], strict=True))
    return owner, kept, {number for number, (one, other) in pairs if one != other}


def _look(http: httpx.Client, topic: str, reader: str, query: dict[str, Any]) -> tuple[set[Difference], bool]:
    """The current differences in the chosen buckets, and whether records of the topic are queued.

    The reader is queried first: records that it applies later are already at the owner, so the owner is never behind.
    """
    kept, owner = (_ask(http, service, topic, "/things", query) for service in (reader, OWNERS[topic]))
    theirs, ours = ({i["thing"]: (i["revision"], i["hash"]) for i in side["items"]} for side in (kept, owner))
    differ = {
        Difference(topic, reader, thing, ours.get(thing), theirs.get(thing))
        for thing in ours.keys() | theirs.keys()
        if ours.get(thing) != theirs.get(thing)
    }
    return differ, kept["in_flight"] or owner["in_flight"]


def _ask(http: httpx.Client, service: str, topic: str, end: str, query: dict[str, Any]) -> Any:
    address = httpx.URL(f"/{PREFIXES[service]}/v1/digests/{topic}{end}", params=query)
    return read_json(http, str(address))
