"""Notices as JSON: list, decide, inbox."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.decisions import release, withhold
from services.notifications.domain.grounds import DISCIPLINE_KINDS
from services.notifications.notices import republish
from services.notifications.upkeep import Upkeep
from shared.auth import Principal, requires
from shared.context import Context
from shared.contracts.base import Code
from shared.contracts.notice import NoticeKind, NoticeState
from shared.errors import ConflictError, NotFoundError
from shared.http import context_of
from shared.openapi.models import Answer, Input
from shared.openapi.refusals import refuses
from shared.paging import After, Limit, Page, cursor_of, read_id_cursor
from shared.problem_types import CONFLICT, NOT_FOUND
from shared.republish import Republished

__all__ = ["router"]

router = APIRouter(prefix="/notices/v1", tags=["notices"])

ContextDep = Annotated[Context, Depends(context_of)]
OperatorDep = Annotated[Principal, requires()]
ReaderDep = Annotated[Principal, requires("notices:read", "notices:release")]
DeciderDep = Annotated[Principal, requires("notices:release")]


def upkeep_of(request: Request) -> Upkeep:
    """What keeps notices true, as a dependency."""
    upkeep: Upkeep = request.app.state.upkeep
    return upkeep


UpkeepDep = Annotated[Upkeep, Depends(upkeep_of)]


class NoticeItem(Input):
    """A notice without its words."""

    notice_id: UUID
    kind: str
    """`reward`, `coaching`, `nudge`, `discipline_alert` (to the superior) or `discipline_information` (to the officer)."""
    employee_id: UUID
    """The officer whom it is about."""
    recipient_id: UUID
    """The officer who receives it."""
    semester: str | None
    """The semester that it is about; null for a notice about a calendar year."""
    indicator: str | None
    """The indicator that it is about; null where it is the score as a whole."""
    period: str
    """What makes it the only one of its kind: the semester (reward), the date (coaching), the month (nudge), or the year and
    step (discipline)."""
    state: str
    """`draft`, `released`, `withheld`, `withdrawn`, `delivered`, `acknowledged` or `expired`."""
    reasons: list[str]
    """Why it was made, and what became of it, as codes."""
    subject: str
    """The subject line of the letter, in Indonesian."""
    created_at: datetime
    """When the draft was made."""


class NoticeWhole(NoticeItem):
    """A notice with its words and evidence."""

    revision: int
    """Counts the states of the notice, from 1. Send it with a release, so that nobody releases what he has not read."""
    body: str
    """The letter, in Indonesian."""
    evidence: dict[str, Any]
    """The facts that the letter states."""
    decided_by: str | None
    """Who released or withheld it: an officer's id or a key's name; null while nobody has."""
    released_at: datetime | None
    """When it was released; null before."""
    delivered_at: datetime | None
    """When sending was over: the mail server took it, or it cannot be mailed. Null before. The inbox shows it from its release
    on."""
    acknowledged_at: datetime | None
    """When the recipient said that it was read; null before."""
    object_until: datetime | None
    """The last moment for an objection; null before the notice was received."""
    withdrawn_at: datetime | None
    """When its reason was gone; null while it stands."""
    withdrawal: str | None
    """What whoever had received it is told; null for one that was withdrawn as a draft."""


class Reason(Answer):
    """Why a notice is withheld."""

    reason_code: Code
    """A reason of the office's own list: capitals, digits and `_`."""


class Read(Input):
    """What the person has read who releases: at another revision the letter says something else by now."""

    revision: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    """The `revision` that was read; left out: whatever stands there now."""


# A superior reads what is about the own subordinates, and a key with `notices:read` the notices of its units.
_REACHED = """(
    (cast(:reads as boolean)
     and (cast(:units as text[]) is null or e.org_unit_id = any(cast(:units as text[]))))
    or e.superior_id = cast(:superior as uuid)
)"""
_LIST = text(
    f"""
    select n.* from notice n left join employee e using (employee_id)
    where notice_id > :after and (cast(:state as text) is null or state = :state)
      and (cast(:kind as text) is null or kind = :kind)
      and (cast(:employee as uuid) is null or employee_id = :employee)
      and {_REACHED}
    order by notice_id limit :most
    """
)
_ONE = text(f"select n.* from notice n left join employee e using (employee_id) where notice_id = :id and {_REACHED}")
# Of a reward that was stopped before anybody got it, nobody is told that it was withdrawn.
_INBOX = text(
    f"""
    select * from notice
    where recipient_id = :recipient and released_at is not null
      and (state <> 'withdrawn' or kind in {DISCIPLINE_KINDS} or coalesce(mailed_at, delivered_at) is not null)
    order by notice_id desc limit 200
    """
)


def whole(row: RowMapping) -> NoticeWhole:
    """A row as JSON shows it."""
    values = {name: row[name] for name in NoticeWhole.model_fields if name in row}
    return NoticeWhole(
        **values
        | {
            "indicator": row["indicator"] or None,
            "reasons": json.loads(row["reasons"]),
            "evidence": json.loads(row["evidence"]),
        }
    )


async def inbox_of(session: AsyncSession, recipient: UUID) -> list[NoticeWhole]:
    """What has been released to a recipient, newest first; withdrawn ones too."""
    return [whole(row) for row in (await session.execute(_INBOX, {"recipient": recipient})).mappings()]


def _reach(who: Principal) -> dict[str, Any]:
    """What a caller may read. Null stands for nobody: a key without an officer is no one's superior."""
    return {"reads": who.has("notices:read"), "units": who.units, "superior": who.employee_id}


@router.get("/notices")
async def list_notices(
    context: ContextDep,
    who: ReaderDep,
    state: Annotated[NoticeState | None, Query(description="Only notices in this state.")] = None,
    kind: Annotated[NoticeKind | None, Query(description="Only notices of this kind.")] = None,
    employee_id: UUID | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[NoticeItem]:
    """Notices, oldest first: of the units that the key reads, and about the own subordinates of a superior."""
    values = {
        "after": read_id_cursor(after),
        "state": state,
        "kind": kind,
        "employee": employee_id,
        "most": limit + 1,
        **_reach(who),
    }

    async def read(session: AsyncSession) -> list[Any]:
        return list((await session.execute(_LIST, values)).mappings())

    rows = await context.transact(read)
    items = [NoticeItem(**whole(row).model_dump(include=set(NoticeItem.model_fields))) for row in rows[:limit]]
    return Page(items=items, next=cursor_of([items[-1].notice_id]) if len(rows) > limit else None)


@router.get("/notices/{notice_id}", responses=refuses(NOT_FOUND))
async def show_notice(context: ContextDep, who: ReaderDep, notice_id: UUID) -> NoticeWhole:
    """A notice with its words and evidence."""

    async def read(session: AsyncSession) -> Any:
        return (await session.execute(_ONE, {"id": notice_id, **_reach(who)})).mappings().first()

    row = await context.transact(read)
    if row is None:
        raise NotFoundError("There is no such notice. List them with GET /notices/v1/notices.")
    return whole(row)


@router.post("/notices/{notice_id}/release", responses=refuses(NOT_FOUND, CONFLICT))
async def release_notice(
    context: ContextDep, upkeep: UpkeepDep, who: DeciderDep, notice_id: UUID, read: Read | None = None
) -> NoticeWhole:
    """Lets a draft go out; it is delivered within seconds.

    409 when the letter states other facts than hold now: `errors` lists each with what the letter says and what holds.
    The draft has been renewed then (or withdrawn): read it again, and release it again.
    """
    revision = None if read is None else read.revision
    outcome = await context.transact(lambda s: release(upkeep, s, notice_id, who, revision))
    if outcome.refused is not None:
        raise ConflictError(outcome.refused, errors=outcome.differences)
    return whole(outcome.notice)


@router.post("/notices/{notice_id}/withhold", responses=refuses(NOT_FOUND, CONFLICT))
async def withhold_notice(
    context: ContextDep, upkeep: UpkeepDep, who: DeciderDep, notice_id: UUID, why: Reason
) -> NoticeWhole:
    """Keeps a draft back, with the reason."""
    return whole(await context.transact(lambda s: withhold(upkeep, s, notice_id, who, why.reason_code)))


@router.post("/notices/{notice_id}/acknowledge", responses=refuses(NOT_FOUND, CONFLICT))
async def acknowledge_notice(context: ContextDep, upkeep: UpkeepDep, _: OperatorDep, notice_id: UUID) -> NoticeWhole:
    """Records that a notice was handed over and read: the 14 days of the objection begin."""
    return whole(await context.transact(lambda s: upkeep.notices.acknowledge(s, notice_id)))


@router.get("/inbox/{employee_id}")
async def read_inbox(context: ContextDep, _: OperatorDep, employee_id: UUID) -> list[NoticeWhole]:
    """What a recipient has received, newest first; withdrawn ones too."""
    return await context.transact(lambda s: inbox_of(s, employee_id))


@router.post("/republish", status_code=202)
async def republish_notices(context: ContextDep, _: OperatorDep) -> Republished:
    """Publishes all notices again at their present revision, unchanged."""
    return await republish(context)
