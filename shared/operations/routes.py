"""The operator's routes in every service: health, metrics, dead letters, held events, API keys, order of text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access.auth import Principal, requires
from shared.contracts.base import Identifier
from shared.db.database import is_transient
from shared.errors.errors import ConflictError, NotFoundError
from shared.errors.problem_types import CONFLICT, NOT_FOUND
from shared.http.paging import After, Limit, OneLine, Page, cursor_of, read_cursor
from shared.messaging.consuming.batch_work import Handler, handler_failed
from shared.messaging.consuming.dead_letters import Parked, Place
from shared.observability import metrics
from shared.openapi.models import Answer, Input
from shared.openapi.refusals import refuses
from shared.operations.collation_routes import add_collation_routes
from shared.operations.key_routes import add_key_routes
from shared.operations.outbox_routes import add_outbox_routes
from shared.service.app import context_of, part_of
from shared.service.context import Context
from shared.service.runtime import Runtime

__all__ = ["operations_router"]

ContextDep = Annotated[Context, Depends(context_of)]
RuntimeDep = Annotated[Runtime, Depends(part_of(Runtime))]
OperatorDep = Annotated[Principal, requires()]
PartitionPath = Annotated[int, Path(ge=0, lt=2**31)]
OffsetPath = Annotated[int, Path(ge=0, lt=2**63)]
GenerationQuery = Annotated[int, Query(ge=0, lt=2**31)]


def _place(topic: Identifier, partition: PartitionPath, offset: OffsetPath, generation: GenerationQuery = 0) -> Place:
    return Place(topic, partition, offset, generation)


PlaceDep = Annotated[Place, Depends(_place)]

_NOT_PARKED = "No record of this topic, partition and offset is parked here."


class ParkedItem(Answer):
    """A parked record, without its bytes."""

    topic: str
    """The record's topic."""
    partition: int
    offset: int
    generation: int
    """0; higher for a record of a topic that was created again, if an earlier record had the same offset."""
    reason: str
    """Why it could not be used, as a code."""
    detail: str
    """The explanation of what is wrong with it."""
    value_bytes: int | None
    """The size of its value in bytes; null for a record without a value."""
    parked_at: datetime
    """When it was set aside."""
    released_at: datetime | None
    """When it was released and used; null while it waits."""
    dismissed_at: datetime | None
    """When somebody dismissed it; null otherwise."""
    dismissed_by: str | None
    """Who dismissed it: an officer's id or a key's name; null otherwise."""
    dismissed_reason: str | None
    """Why it was dismissed; null otherwise."""


class ParkedWhole(ParkedItem):
    """A parked record with its bytes."""

    key_base64: str | None
    """The record's key in Base64; null without one."""
    value_base64: str | None
    """The record's value in Base64; null without one."""
    value_text: str | None
    """The value as text if it is UTF-8; else null."""
    headers: list[tuple[str, str | None]]
    """The record's headers: pairs of a name and a value in Base64."""


class Released(Answer):
    """The result of releasing a record."""

    released: bool
    """True: the record was used."""
    reason: str | None = None
    """Always null in this answer: a record that still cannot be used is refused with 409."""
    detail: str | None = None
    """Always null in this answer."""


class Dismissal(Input):
    """Why a record is wrong for good, in one line. It is stored."""

    reason: OneLine
    """Why, in one line of 1 to 500 characters."""


_HEALTH: dict[int | str, dict[str, Any]] = {
    200: {"description": "Well: `ok`.", "content": {"text/plain": {"schema": {"type": "string"}}}},
    503: {
        "description": "Not healthy: one line for each fault.",
        "content": {"text/plain": {"schema": {"type": "string"}, "example": "database does not answer\n"}},
    },
}


def operations_router(prefix: str, *, service: str, release: Handler | None = None) -> APIRouter:
    """`release` is the consumer's handler; a service without a consumer has none."""
    router = APIRouter(prefix=f"/{prefix}")
    _add_health(router)
    add_key_routes(router, service)
    add_outbox_routes(router)
    add_collation_routes(router)
    if release is not None:
        _add_dead_letters(router, release)
    return router


def _add_health(router: APIRouter) -> None:
    @router.get("/health/live", tags=["operations"], response_class=PlainTextResponse, responses=_HEALTH)
    async def live(runtime: RuntimeDep) -> Response:
        """200 while the process works; 503 when one of its tasks has ended and it should be restarted."""
        dead = runtime.dead_tasks()
        return _health(dead)

    @router.get("/health/ready", tags=["operations"], response_class=PlainTextResponse, responses=_HEALTH)
    async def ready(runtime: RuntimeDep) -> Response:
        """200 when events flow: the database answers, the relay reaches the broker, the consumer polls."""
        return _health(await runtime.faults())

    @router.get("/metrics", include_in_schema=False)
    async def expose(context: ContextDep) -> Response:
        return Response(context.metrics.render(), media_type=metrics.CONTENT_TYPE)


def _health(faults: list[str]) -> Response:
    body = "ok\n" if not faults else "".join(f"{fault}\n" for fault in faults)
    return Response(body, status_code=503 if faults else 200, media_type="text/plain")


def _add_dead_letters(router: APIRouter, release: Handler) -> None:
    @router.get("/v1/dead-letters", tags=["operations"])
    async def list_dead_letters(
        context: ContextDep,
        _: OperatorDep,
        limit: Limit = 100,
        after: After = None,
        *,
        released: bool = False,
        dismissed: bool = False,
    ) -> Page[ParkedItem]:
        """Records that could not be used and wait for a person; on request also those released or dismissed."""
        cursor = read_cursor(after, str, int, int, int)
        begin = Place(*cursor) if cursor else None
        rows = await context.transact(
            lambda s: context.dead_letters.page(s, after=begin, most=limit + 1, released=released, dismissed=dismissed)
        )
        items = [ParkedItem(**row) for row in rows[:limit]]
        last = items[-1] if len(rows) > limit else None
        end = [last.topic, last.partition, last.offset, last.generation] if last else None
        return Page(items=items, next=cursor_of(end) if end else None)

    @router.get("/v1/dead-letters/{topic}/{partition}/{offset}", tags=["operations"], responses=refuses(NOT_FOUND))
    async def show_dead_letter(context: ContextDep, _: OperatorDep, place: PlaceDep) -> ParkedWhole:
        """One record with its bytes."""
        found = await context.transact(lambda s: context.dead_letters.find(s, place))
        if found is None:
            raise NotFoundError(_NOT_PARKED)
        return ParkedWhole(**found)

    @router.post(
        "/v1/dead-letters/{topic}/{partition}/{offset}/release",
        tags=["operations"],
        responses=refuses(NOT_FOUND, CONFLICT),
    )
    async def release_dead_letter(context: ContextDep, _: OperatorDep, place: PlaceDep) -> Released:
        """Sends the record to the same handler again, also a dismissed one; it is unchanged if the handler cannot use it."""
        parked = await context.transact(lambda s: _release(context, s, release, place), seconds=30)
        if parked is None:
            return Released(released=True)
        raise ConflictError(f"The record still cannot be used: {parked.reason}: {parked.detail}")

    @router.post(
        "/v1/dead-letters/{topic}/{partition}/{offset}/dismiss",
        tags=["operations"],
        responses=refuses(NOT_FOUND, CONFLICT),
    )
    async def dismiss_dead_letter(
        context: ContextDep,
        who: OperatorDep,
        place: PlaceDep,
        dismissal: Dismissal,
    ) -> ParkedItem:
        """Dismisses a record that is wrong for good. It is kept whole, and can still be released."""
        by = str(who.employee_id or who.name)
        found = await context.transact(lambda s: context.dead_letters.dismiss(s, place, by=by, reason=dismissal.reason))
        if found is None:
            raise NotFoundError(_NOT_PARKED)
        return ParkedItem(**found)


async def _release(context: Context, session: AsyncSession, handler: Handler, place: Place) -> Parked | None:
    record = await context.dead_letters.take(session, place)
    if record is None:
        raise NotFoundError(_NOT_PARKED)
    try:
        parked = await handler(session, [record])
    except Exception as error:
        if is_transient(error):
            raise
        parked = [handler_failed(record, error)]
    if parked:
        await session.rollback()
        return parked[0]
    return None
