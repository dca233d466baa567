"""The operator's routes to issue, list and revoke the links to officers' own pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access.auth import Principal, requires
from shared.access.links import LINK_DAYS_MAX, Link, LinkKind, LinkSource, LinkState, state_of
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.errors.errors import NotFoundError
from shared.errors.problem_types import NOT_FOUND
from shared.http.paging import After, Limit, Page, cursor_of, read_id_cursor
from shared.openapi.models import Answer, Input
from shared.openapi.refusals import refuses
from shared.service.app import context_of
from shared.service.context import Context

__all__ = ["links_router"]

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]

_OFFICER = text("select 1 from employee where employee_id = :id")


class NewLink(Input):
    """The officer, and how long the link is valid; without `valid_days`: the installation's default."""

    employee_id: UUID
    """The officer whose page it opens."""
    valid_days: Annotated[int, Field(ge=1, le=LINK_DAYS_MAX)] | None = None
    """For how many days; left out: the installation's default (30 unless set)."""


class LinkMade(Answer):
    """The only response with the address. Anyone who has it can open the page."""

    id: UUID
    """The link's id, with which it can be revoked."""
    url: str
    """The address. It is not shown again."""
    expires_at: AwareDatetime
    """When it ends."""


class LinkItem(Answer):
    """A link, without its address."""

    id: UUID
    """The link's id."""
    employee_id: UUID
    """The officer whose page it opens."""
    source: LinkSource
    """Where it comes from: the operator, a sent mail, or an inbox that leads to the page."""
    state: LinkState
    """`active`, `expired` or `revoked`."""
    created_at: AwareDatetime
    """When it was created."""
    expires_at: AwareDatetime
    """When it ends."""
    last_used_at: AwareDatetime | None
    """The last use, exact to a minute. A mail server that opens the links in mails also counts; `HEAD` does not."""
    revoked_at: AwareDatetime | None
    """When it was revoked; null otherwise."""


def links_router(prefix: str, kind: LinkKind, opens: str) -> APIRouter:
    """For a service with the table `link` and a table `employee` of its officers."""
    router = APIRouter(prefix=f"/{prefix}", tags=["links"])

    @router.post(
        "/v1/links",
        status_code=201,
        description=f"Issues a link that opens {opens} without a login.",
        responses=refuses(NOT_FOUND),
    )
    async def issue_link(context: ContextDep, _: OperatorDep, new: NewLink) -> LinkMade:
        valid = None if new.valid_days is None else timedelta(days=new.valid_days)

        async def work(session: AsyncSession) -> Link:
            known = (await session.execute(_OFFICER, {"id": new.employee_id})).first() is not None
            if not known or new.employee_id == CANARY_EMPLOYEE_ID:
                raise NotFoundError("There is no such officer here. List them with GET /attendance/v1/employees.")
            return await context.links.issue(session, kind, new.employee_id, source="operator", valid=valid)

        link = await context.transact(work)
        return LinkMade(id=link.id, url=link.url, expires_at=link.expires_at)

    @router.get("/v1/links")
    async def list_links(
        context: ContextDep,
        _: OperatorDep,
        employee_id: Annotated[UUID | None, Query()] = None,
        limit: Limit = 100,
        after: After = None,
    ) -> Page[LinkItem]:
        """Links, expired and revoked ones too, without their addresses."""
        begin = read_id_cursor(after)
        rows = await context.transact(lambda s: context.links.page(s, employee_id, begin, limit + 1))
        items = [_item(context, row) for row in rows[:limit]]
        return Page(items=items, next=cursor_of([items[-1].id]) if len(rows) > limit else None)

    @router.delete("/v1/links/{link_id}", status_code=204, responses=refuses(NOT_FOUND))
    async def revoke_link(context: ContextDep, _: OperatorDep, link_id: UUID) -> None:
        """Revokes a link at once. A page that is already open on a screen stays visible there."""
        await context.transact(lambda s: context.links.revoke(s, link_id))

    return router


def _item(context: Context, row: RowMapping) -> LinkItem:
    return LinkItem(**row, state=state_of(row, context.clock.now()))
