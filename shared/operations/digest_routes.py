"""The routes by which the operator compares an owner with a reader: `kinerja scores verify` and `kinerja doctor` call them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access.auth import Principal, requires
from shared.contracts.semester import Semester
from shared.contracts.topics import Topic
from shared.db.digest_sources import Source
from shared.db.digests import BUCKETS, Digest, Item, Projection, bucket_of
from shared.errors.errors import NotFoundError
from shared.errors.problem_types import NOT_FOUND
from shared.http.semesters import requested_semester
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses
from shared.service.app import context_of
from shared.service.context import Context

__all__ = ["digest_router"]

SECONDS_MAX = 600.0
ITEMS_MAX = 50_000
"""Limit of one response; few buckets are requested at a time, so a city with a million days a semester never reaches it."""

FIRST_YEAR, LAST_YEAR = 2000, 9998
"""The contract's years without the last one: the days around a semester must be valid dates."""

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]
TopicPath = Annotated[str, Path(max_length=100, examples=["asn.employee.v1"])]
ReaderQuery = Annotated[str, Query(max_length=40, description="The service that keeps these things, such as scoring.")]
SemesterQuery = Annotated[str | None, Query(max_length=20, description="Like 2026-S2; the current one if left out.")]
BucketsQuery = Annotated[list[Annotated[int, Field(ge=0, lt=BUCKETS)]], Query(min_length=1, max_length=16)]

_IN_OUTBOX = text("select exists (select from outbox where topic = :topic)")


class DigestAnswer(Answer):
    """One side's things: their number, and the sums of their hashes by bucket, in hexadecimal."""

    topic: str
    """The topic of the things."""
    reader: str
    """The reading service: fields that it does not store are left out of the hashes."""
    semester: str
    """The semester of the things."""
    things: int
    """How many things this side has."""
    in_flight: bool
    """Whether records of the topic wait here: for publishing at the owner, for reading at the reader."""
    buckets: list[str]
    """The sums of the things' hashes by bucket, 16 hexadecimal digits each. Two sides with equal sums have the same
    things."""


class ThingItem(Answer):
    """A thing's name, with the revision and hash on this side."""

    thing: str
    """The thing's name: ids and dates with slashes between."""
    revision: int
    """The revision that this side has."""
    hash: str
    """The hash of this side's state, 16 hexadecimal digits."""


class ItemsAnswer(Answer):
    """The things of some buckets. `more`: there are more than fit, and the list is incomplete."""

    in_flight: bool
    """Whether records of the topic still wait here."""
    more: bool
    """Whether there are more things than fit: then request fewer buckets."""
    items: list[ThingItem]
    """The things."""


def digest_router(prefix: str, sources: Mapping[Topic[Any], Source]) -> APIRouter:
    """`sources`: for each topic, how this service reads its things."""
    router = APIRouter(prefix=f"/{prefix}/v1/digests", tags=["operations"])
    by_name = {topic.name: source for topic, source in sources.items()}

    @asynccontextmanager
    async def items(
        context: Context, topic: str, reader: str, semester: Semester
    ) -> AsyncIterator[tuple[bool, AsyncIterator[Item]]]:
        if topic not in by_name:
            raise NotFoundError(f"This service has no things of that topic. It has things of: {', '.join(by_name)}.")
        try:
            projection = Projection(topic, reader)
        except KeyError:
            raise NotFoundError("No service of this name stores things of that topic.") from None
        async with context.database.snapshot() as session:
            await session.execute(text(f"set local statement_timeout = {int(SECONDS_MAX * 1000)}"))
            in_flight = await _in_flight(context, session, topic)
            yield in_flight, _items(by_name[topic](session, semester), projection)

    @router.get("/{topic}", responses=refuses(NOT_FOUND))
    async def digest(
        context: ContextDep, _: OperatorDep, topic: TopicPath, reader: ReaderQuery, semester: SemesterQuery = None
    ) -> DigestAnswer:
        """Sums the hashes of this service's things of a topic in a semester, with the fields that the reader stores."""
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


def _semester(context: Context, value: str | None) -> Semester:
    return requested_semester(
        value,
        context.today,
        years=range(FIRST_YEAR, LAST_YEAR + 1),
        refusal=f"there is no data before {FIRST_YEAR} or after {LAST_YEAR}",
    )
