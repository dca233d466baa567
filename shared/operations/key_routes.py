"""The operator's routes to create, list, rotate and revoke API keys: the same in every service."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, Field
from sqlalchemy import RowMapping

from shared.access import keys
from shared.access.auth import Principal, requires
from shared.access.scopes import check_rights, scopes_of
from shared.contracts.base import Identifier
from shared.errors.problem_types import CONFLICT, NOT_FOUND
from shared.http.paging import After, Limit, Page, cursor_of, read_id_cursor
from shared.openapi.models import Answer, Input
from shared.openapi.refusals import refuses
from shared.service.app import context_of
from shared.service.context import Context

__all__ = ["add_key_routes"]

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]
Serial = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Token = Annotated[str | None, Field(max_length=100)]

OVERLAP_HOURS_MAX = 720
LIST_MAX = 1_000


class NewKey(Input):
    """A key to create."""

    name: Annotated[Identifier, Field(max_length=100)]
    """The holder's name. Two active keys cannot have the same name (409), except during a rotation."""
    scopes: Annotated[list[str], Field(min_length=1, max_length=20)]
    """What the key may do in this service."""
    employee_id: UUID | None = None
    """The officer for whom it acts, if a scope needs one: a supervisor who assesses or decides."""
    org_unit_ids: Annotated[list[Identifier], Field(min_length=1, max_length=LIST_MAX)] | None = None
    """The only units that it may read; all units if left out."""
    machines: Annotated[list[Serial], Field(min_length=1, max_length=LIST_MAX)] | None = None
    """The serials of the only machines that it may write for; `punches:write` needs it."""
    expires_at: AwareDatetime | None = None
    """When it expires; in a year if left out."""
    token: Token = None
    """The token of a key that another service has just created: then one key works in both. Left out: a new token."""


class Rotation(Input):
    """How to rotate a key."""

    overlap_hours: Annotated[int, Field(ge=0, le=OVERLAP_HOURS_MAX)] = int(keys.OVERLAP.total_seconds()) // 3600
    """How long the old key continues to work."""
    expires_at: AwareDatetime | None = None
    """When the new key expires; left out: after the same time as the old one."""
    token: Token = None
    """As for a new key."""


class KeyItem(Answer):
    """A key, without its secret."""

    id: UUID
    """The key's id: the part of its token before the dot."""
    name: str
    """The holder's name."""
    scopes: list[str]
    """What the key may do."""
    employee_id: UUID | None
    """The officer for whom it acts; null for a system's key."""
    org_unit_ids: list[str] | None
    """The only units that it may read; null for all."""
    machines: list[str] | None
    """The only machines that it may write for; null if no scope needs them."""
    state: keys.KeyState
    """`replaced`: a newer key has replaced it, and it works until `expires_at`."""
    created_at: AwareDatetime
    """When it was created."""
    expires_at: AwareDatetime
    """When it ends."""
    last_used_at: AwareDatetime | None
    """The last use, exact to a minute; null before its first use."""
    revoked_at: AwareDatetime | None
    """When it was revoked; null otherwise."""
    replaced_by: UUID | None
    """The key that replaced it; null otherwise."""


class KeyMade(Answer):
    """The only response with the token."""

    id: UUID
    """The key's id."""
    token: str
    """The token, for the header `Authorization: Bearer <token>`. It is not shown again."""
    expires_at: AwareDatetime
    """When it ends."""


def add_key_routes(router: APIRouter, service: str) -> None:
    """Below the router's prefix."""
    names = "; ".join(f"`{scope.name}` (to {scope.may})" for scope in scopes_of(service))

    @router.post(
        "/v1/api-keys",
        status_code=201,
        tags=["keys"],
        description=f"Creates a key. Scopes here: {names}.",
        responses=refuses(CONFLICT),
    )
    async def make_key(context: ContextDep, _: OperatorDep, new: NewKey) -> KeyMade:
        check_rights(
            service, new.scopes, employee_id=new.employee_id, org_unit_ids=new.org_unit_ids, machines=new.machines
        )
        rights = keys.Rights(new.name, new.scopes, new.employee_id, new.org_unit_ids, new.machines)
        now = context.clock.now()
        return _made(
            await context.transact(lambda s: keys.issue(s, rights, now, expires_at=new.expires_at, token=new.token))
        )

    @router.get("/v1/api-keys", tags=["keys"])
    async def list_keys(context: ContextDep, _: OperatorDep, limit: Limit = 100, after: After = None) -> Page[KeyItem]:
        """All keys, expired and revoked ones too, without their secrets."""
        begin = read_id_cursor(after)
        rows = await context.transact(lambda s: keys.page_of_keys(s, begin, limit + 1))
        items = [_item(context, row) for row in rows[:limit]]
        return Page(items=items, next=cursor_of([items[-1].id]) if len(rows) > limit else None)

    @router.get("/v1/api-keys/{key_id}", tags=["keys"], responses=refuses(NOT_FOUND))
    async def show_key(context: ContextDep, _: OperatorDep, key_id: UUID) -> KeyItem:
        """One key, without its secret."""
        return _item(context, await context.transact(lambda s: keys.key_of(s, key_id)))

    @router.post("/v1/api-keys/{key_id}/rotate", status_code=201, tags=["keys"], responses=refuses(NOT_FOUND, CONFLICT))
    async def rotate_key(context: ContextDep, _: OperatorDep, key_id: UUID, how: Rotation | None = None) -> KeyMade:
        """Creates a key with the same rights. The old one works until the overlap is over."""
        how = how or Rotation()
        now, overlap = context.clock.now(), timedelta(hours=how.overlap_hours)
        made = await context.transact(
            lambda s: keys.rotate(s, key_id, now, overlap=overlap, expires_at=how.expires_at, token=how.token)
        )
        context.authenticator.forget()
        return _made(made)

    @router.delete("/v1/api-keys/{key_id}", status_code=204, tags=["keys"], responses=refuses(NOT_FOUND))
    async def revoke_key(context: ContextDep, _: OperatorDep, key_id: UUID) -> None:
        """Revokes a key, within a few seconds in every process."""
        await context.transact(lambda s: keys.revoke(s, key_id, context.clock.now()))
        context.authenticator.forget()


def _made(issued: keys.IssuedKey) -> KeyMade:
    return KeyMade(id=issued.id, token=issued.token, expires_at=issued.expires_at)


def _item(context: Context, row: RowMapping) -> KeyItem:
    return KeyItem(**row, state=keys.state_of(row, context.clock.now()))
