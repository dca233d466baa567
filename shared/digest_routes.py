"""The routes by which the operator compares an owner with a reader: `kinerja scores verify` and `kinerja doctor` ask them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Principal, requires
from shared.context import Context
from shared.contracts.semester import Semester
from shared.contracts.topics import Topic
from shared.digest_sources import Source
from shared.digests import BUCKETS, Digest, Item, Projection, bucket_of
from shared.errors import InvalidError, NotFoundError
from shared.http import context_of
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses
from shared.problem_types import NOT_FOUND

__all__ = ["digest_router"]

SECONDS_MAX = 600.0
ITEMS_MAX = 50_000
"""Of one answer; the buckets asked for are few, so that this is never reached by a city of a million days a semester."""

FIRST_YEAR, LAST_YEAR = 2000, 9998
"""The contract's years, and one less: days around a semester have to be dates too."""

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]
TopicPath = Annotated[str, Path(max_length=100, examples=["asn.employee.v1"])]
ReaderQuery = Annotated[str, Query(max_length=40, description="The service that keeps these things, such as scoring.")]
SemesterQuery = Annotated[str | None, Query(max_length=20, description="Like 2026-S2; the running one if left out.")]
BucketsQuery = Annotated[list[Annotated[int, Field(ge=0, lt=BUCKETS)]], Query(min_length=1, max_length=16)]

_IN_OUTBOX = text("select exists (select from outbox where topic = :topic)")


class DigestAnswer(Answer):
    """One side's things: how many, and the sums of their hashes by bucket, in hexadecimal."""

    topic: str
    """The topic whose things were added up."""
    reader: str
    """The service as whose reader they were added up: fields that it does not keep are left out."""
    semester: str
    """The semester of the things."""
    things: int
    """How many things this side has."""
    in_flight: bool
    """Records of the topic wait here: to be published by the owner, to be read by the reader."""
    buckets: list[str]
    """The sums of the things' hashes by bucket, 16 hexadecimal digits each. Two sides with equal sums have the same
    things."""


class ThingItem(Answer):
    """A thing by its name alone, and what this side has of it."""

    thing: str
    """The thing's name: ids and dates with slashes between."""
    revision: int
    """The revision that this side has."""
    hash: str
    """The hash of what this side has of it, 16 hexadecimal digits."""


class ItemsAnswer(Answer):
    """The things of some buckets. `more`: there are more than fit, and the list is of no use."""

    in_flight: bool
    """Whether records of the topic are still on their way here."""
    more: bool
    """Whether there are more things than fit: then ask for fewer buckets."""
    items: list[ThingItem]
    """The things."""


def digest_router(prefix: str, sources: Mapping[Topic[Any], Source]) -> APIRouter:
    """`sources`: where this service has each topic's things."""
    router = APIRouter(prefix=f"/{prefix}/v1/digests", tags=["operations"])
    by_name = {topic.name: source for topic, source in sources.items()}

    @asynccontextmanager
    async def items(
        context: Context, topic: str, reader: str, semester: Semester
    ) -> AsyncIterator[tuple[bool, AsyncIterator[Item]]]:
        if topic not in by_name:
            raise NotFoundError(f"This service has no things of that topic, but of: {', '.join(by_name)}.")
        try:
            projection = Projection(topic, reader)
        except KeyError:
            raise NotFoundError("No service of this name keeps things of that topic.") from None
        async with context.database.snapshot() as session:
            await session.execute(text(f"set local statement_timeout = {int(SECONDS_MAX * 1000)}"))
            in_flight = await _in_flight(context, session, topic)
            yield in_flight, _items(by_name[topic](session, semester), projection)

    @router.get("/{topic}", responses=refuses(NOT_FOUND))
    async def digest(
        context: ContextDep, _: OperatorDep, topic: TopicPath, reader: ReaderQuery, semester: SemesterQuery = None
    ) -> DigestAnswer:
        """Adds up what this service has of a topic's things in a semester, as far as the reader keeps it."""
        window, found = _semester(context, semester), Digest()
        async with items(context, topic, reader, window) as (in_flight, things):
            async for item in things:
                found.add(item)
        return DigestAnswer(
            topic=topic,
            reader=reader,
            semester=str(window),
            things=found.things,
            in_flight=in_flight,
            buckets=[f"{total:016x}" for total in found.sums],
        )

    @router.get("/{topic}/things", responses=refuses(NOT_FOUND))
    async def list_things(
        context: ContextDep,
        _: OperatorDep,
        topic: TopicPath,
        reader: ReaderQuery,
        bucket: BucketsQuery,
        semester: SemesterQuery = None,
    ) -> ItemsAnswer:
        """The things of some buckets with their revisions and hashes; no content."""
        chosen, listed = frozenset(bucket), list[ThingItem]()
        more = False
        async with items(context, topic, reader, _semester(context, semester)) as (in_flight, things):
            async for item in things:
                if bucket_of(item.key) in chosen:
                    if more := len(listed) == ITEMS_MAX:
                        break
                    listed.append(ThingItem(thing=item.key, revision=item.revision, hash=f"{item.hash:016x}"))
        return ItemsAnswer(in_flight=in_flight, more=more, items=listed)

    return router


async def _items(rows: AsyncIterator[Mapping[str, Any]], projection: Projection) -> AsyncIterator[Item]:
    async for row in rows:
        item = projection.item(row)
        if item is not None:
            yield item


async def _in_flight(context: Context, session: AsyncSession, topic: str) -> bool:
    waits: bool = (await session.execute(_IN_OUTBOX, {"topic": topic})).scalar_one()
    lag = context.metrics.registry.get_sample_value("kinerja_consumer_lag_records", {"topic": topic})
    return waits or bool(lag)


def _semester(context: Context, words: str | None) -> Semester:
    if words is None:
        return Semester.of(context.clock.now().astimezone(context.zone).date())
    try:
        semester = Semester.parse(words)
    except ValueError as error:
        raise InvalidError(f"`semester`: {error}.") from None
    if not FIRST_YEAR <= semester.year <= LAST_YEAR:
        raise InvalidError(f"`semester`: nothing is kept of before {FIRST_YEAR} or after {LAST_YEAR}.")
    return semester
