"""Raises the revision of one entity above a wrong revision that readers keep, and publishes its correct state again.

A wrong record on a topic (from a faulty or hostile producer) is valid for all readers until a higher revision arrives.
So the owner continues counting above it: every reader, HR systems too, gets the correct state by the ordinary rule.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access.auth import Principal, requires
from shared.contracts.base import REVISION_MAX, Record
from shared.contracts.revisions import AboveError, revision_above, with_rungs
from shared.contracts.semester import Semester
from shared.contracts.topics import Topic
from shared.errors.errors import ConflictError, InvalidError, NotFoundError
from shared.errors.problem_types import CONFLICT, NOT_FOUND
from shared.http.paging import OneLine
from shared.observability.logs import logger
from shared.openapi.models import Answer, Input
from shared.openapi.refusals import refuses
from shared.service.app import context_of
from shared.service.context import Context

__all__ = ["Lift", "above_router", "json_lift", "thing_from"]

log = logger(__name__)

SECONDS_MAX = 30.0

Move = Callable[[int], int]
"""Computes the new revision from the present one; raises AboveError."""
Lift = Callable[[AsyncSession, Mapping[str, Any], Move], Awaitable[Sequence[Any]]]
"""Locks the entity with these key values, writes its new revision and returns its record, with the records of other
entities that must keep the same revision. Empty: there is no such entity."""

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]


class Above(Input):
    """The entity, the wrong revision, and the reason."""

    topic: Annotated[str, Field(max_length=100, examples=["asn.attendance-day.v1"])]
    """The topic of the entity. This service must be its owner."""
    thing: Annotated[str, Field(max_length=100, examples=["0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f10/2026-08-04"])]
    """The entity's name on the topic, as `kinerja scores verify` prints it."""
    above: Annotated[int, Field(ge=1, le=REVISION_MAX)]
    """The wrong revision that readers keep: the owner's present one or any above it, at least 1,000,001 below the highest."""
    reason: OneLine
    """The reason, which is written to the log. No personal data."""


class Lifted(Answer):
    """The owner's new revision; `records` are queued for all readers."""

    topic: str
    """The topic."""
    thing: str
    """What was moved."""
    revision: int
    """The owner's new revision."""
    records: int
    """How many records are queued for the readers."""


def above_router(prefix: str, lifts: Mapping[Topic[Any], Lift]) -> APIRouter:
    """`lifts`: for each topic of this owner, how a revision is raised."""
    router = APIRouter(prefix=f"/{prefix}")
    by_name = {topic.name: (topic, lift) for topic, lift in lifts.items()}

    @router.post("/v1/republish-above", tags=["operations"], status_code=202, responses=refuses(NOT_FOUND, CONFLICT))
    async def republish_above(context: ContextDep, who: OperatorDep, asked: Above) -> Lifted:
        """Raises a revision above a wrong one that readers keep, and publishes the present state again."""
        if asked.topic not in by_name:
            raise InvalidError(f"`topic`: this service owns {', '.join(by_name)}.")
        topic, lift = by_name[asked.topic]
        values = thing_from(topic, asked.thing)

        async def work(session: AsyncSession) -> list[Record]:
            try:
                records = await lift(session, values, lambda present: revision_above(present, asked.above))
            except AboveError as error:
                raise ConflictError(str(error)) from error
            if not records:
                raise NotFoundError("The owner has no such entity: docs/runbooks/replay.md says what to do.")
            steps = with_rungs(records)
            await context.outbox.add(session, topic, steps)
            return steps

        records = await context.transact(work, seconds=SECONDS_MAX)
        revision = records[-1].revision
        log.warning(
            "revision_moved_above",
            topic=topic.name,
            thing=asked.thing,
            above=asked.above,
            revision=revision,
            by=str(who.employee_id or who.name),
            reason=asked.reason,
        )
        return Lifted(topic=topic.name, thing=asked.thing, revision=revision, records=len(records))

    return router


def thing_from(topic: Topic[Any], value: str) -> dict[str, Any]:
    """The values of `Topic.thing` from a text with slashes between them. Raises InvalidError."""
    parts = value.split("/")
    try:
        pairs = zip(topic.thing.items(), parts, strict=True)
        return {name: _READ[sql_type](part) for (name, sql_type), part in pairs}
    except ValueError:
        raise InvalidError(f"`thing`: on {topic.name} write it as {'/'.join(topic.thing)}.") from None


def _year(value: str) -> int:
    if len(value) != 4 or not value.isascii() or not value.isdigit():
        raise ValueError("a year has four digits")
    return int(value)


# A topic's only text is the semester.
_READ: dict[str, Callable[[str], Any]] = {
    "uuid": UUID,
    "date": date.fromisoformat,
    "text": lambda value: str(Semester.parse(value)),
    "int4": _year,
}


def json_lift(topic: Topic[Any], read: str, write: str, *, lock: str | None = None) -> Lift:
    """Raises revisions in a table that stores the published record as JSON.

    `read` locks and returns the `record`s by the key values; `write` updates the table with :revision, :record and the key
    values of each record. Only the revision changes, not even the timestamp. `lock` runs first where the service's own
    writers lock another row before they read the record; otherwise they would overwrite the new revision.
    """
    rows, update, before = text(read), text(write), None if lock is None else text(lock)

    async def lift(session: AsyncSession, values: Mapping[str, Any], move: Move) -> Sequence[Any]:
        if before is not None:
            await session.execute(before, dict(values))
        kept = [topic.model.model_validate_json(r) for r in (await session.execute(rows, dict(values))).scalars()]
        if not kept:
            return []
        revision = move(max(record.revision for record in kept))
        lifted = [record.model_copy(update={"revision": revision}) for record in kept]
        for record in lifted:
            thing = {name: getattr(record, name) for name in topic.thing}
            await session.execute(update, {**thing, "revision": revision, "record": record.model_dump_json()})
        return lifted

    return lift
