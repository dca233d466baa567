"""The routes by which the operator issues, lists and ends the links to officers' own pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Principal, requires
from shared.context import Context
from shared.contracts.canary import CANARY_EMPLOYEE_ID
from shared.errors import NotFoundError
from shared.http import context_of
from shared.links import LINK_DAYS_MAX, Link, LinkKind, LinkSource, LinkState, state_of
from shared.openapi.models import Answer, Input
from shared.openapi.refusals import refuses
from shared.paging import After, Limit, Page, cursor_of, read_id_cursor
from shared.problem_types import NOT_FOUND

__all__ = ["links_router"]

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]

_OFFICER = text("select 1 from employee where employee_id = :id")


class NewLink(Input):
    """Whose page, and for how long; without `valid_days` as long as the installation says."""

    employee_id: UUID
    """The officer whose page it opens."""
    valid_days: Annotated[int, Field(ge=1, le=LINK_DAYS_MAX)] | None = None
    """For how many days; left out: as the installation says (30 unless set)."""


class LinkMade(Answer):
    """The only time that the address is told. Whoever has it opens the page."""

    id: UUID
    """The link's id, by which it can be ended."""
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
    """Who made it: the operator, a mail that went out, or an inbox that led on to the page."""
    state: LinkState
    """`active`, `expired` or `revoked`."""
    created_at: AwareDatetime
    """When it was made."""
    expires_at: AwareDatetime
    """When it ends."""
    last_used_at: AwareDatetime | None
    """To a minute; also a mail server that looks into mails uses links."""
    revoked_at: AwareDatetime | None
    """When it was ended before its time; null otherwise."""


def links_router(prefix: str, kind: LinkKind, opens: str) -> APIRouter:
    """For a service with the table `link` and a table `employee` of the officers that it knows."""
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
                raise NotFoundError("No such officer is known here. List them with GET /attendance/v1/employees.")
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
        """Links, ended ones too, without their addresses."""
        begin = read_id_cursor(after)
        rows = await context.transact(lambda s: context.links.page(s, employee_id, begin, limit + 1))
        items = [_item(context, row) for row in rows[:limit]]
        return Page(items=items, next=cursor_of([items[-1].id]) if len(rows) > limit else None)

    @router.delete("/v1/links/{link_id}", status_code=204, responses=refuses(NOT_FOUND))
    async def revoke_link(context: ContextDep, _: OperatorDep, link_id: UUID) -> None:
        """Ends a link at once. What it opened stays open only on a screen that shows it already."""
        await context.transact(lambda s: context.links.revoke(s, link_id))

    return router


def _item(context: Context, row: RowMapping) -> LinkItem:
    return LinkItem(**row, state=state_of(row, context.clock.now()))
