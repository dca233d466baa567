"""The operator's routes to list events that cannot be published, and to drop one: the same in every service."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends

from shared.access.auth import Principal, requires
from shared.errors.problem_types import CONFLICT, NOT_FOUND
from shared.http.paging import After, Limit, OneLine, Page, cursor_of, read_cursor
from shared.messaging import held_events
from shared.openapi.models import Answer, Input
from shared.openapi.refusals import refuses
from shared.service.app import context_of
from shared.service.context import Context

__all__ = ["add_outbox_routes"]

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]

DROP_SECONDS_MAX = 30.0
"""The relay may be sending the event, with its own deadline."""


class HeldEvent(Answer):
    """An event that the broker or an earlier check refused, without its bytes."""

    event_id: UUID
    topic: str
    """The topic of the event."""
    key: str
    """The key of its record."""
    value_bytes: int
    """The size of its value in bytes."""
    created_at: datetime
    """When it was created."""
    attempts: int
    """How often it was tried."""
    held_since: datetime
    """When it was first refused."""
    next_attempt_at: datetime
    """The time of the next attempt."""
    holds: Literal["key", "topic"]
    """What waits behind it: the later events of its topic and key, or every event of its topic."""
    behind: int
    """How many events wait behind it."""
    error: str
    """The error of the broker or of the earlier check."""


class Drop(Input):
    """Why the event must never be published, in one line. It is stored."""

    reason: OneLine
    """Why, in one line of 1 to 500 characters."""


def add_outbox_routes(router: APIRouter) -> None:
    """Below the router's prefix."""

    @router.get("/v1/outbox/held", tags=["operations"])
    async def list_held(
        context: ContextDep, _: OperatorDep, limit: Limit = 100, after: After = None
    ) -> Page[HeldEvent]:
        """Refused events, in the order of their creation. Each is tried again automatically."""
        cursor = read_cursor(after, int)
        begin = cursor[0] if cursor else 0
        rows = await context.transact(lambda s: held_events.page(s, after=begin, most=limit + 1))
        items = [HeldEvent(**row) for row in rows[:limit]]
        return Page(items=items, next=cursor_of([rows[limit - 1]["id"]]) if len(rows) > limit else None)

    @router.post(
        "/v1/outbox/held/{event_id}/drop", status_code=204, tags=["operations"], responses=refuses(NOT_FOUND, CONFLICT)
    )
    async def drop_held(context: ContextDep, who: OperatorDep, event_id: UUID, drop: Drop) -> None:
        """Drops a refused event: it moves to `outbox_dropped` and is never published; the events behind it are published."""
        by, now = str(who.employee_id or who.name), context.clock.now()
        await context.transact(
            lambda s: held_events.drop(s, event_id, by=by, reason=drop.reason, now=now), seconds=DROP_SECONDS_MAX
        )
        context.outbox.committed.set()
