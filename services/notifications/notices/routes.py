"""Notices as JSON: list, decide, inbox."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.notifications.dependencies import ContextDep, OperatorDep
from services.notifications.notices.decisions import release, withhold
from services.notifications.notices.dependencies import UpkeepDep
from services.notifications.notices.queries import LISTED_NOTICES, NO_SUCH_NOTICE, READABLE_NOTICE, NoticeRow, inbox_of
from services.notifications.notices.republish import republish
from shared.access.auth import Principal, requires
from shared.contracts.base import Code
from shared.contracts.events.notice import NoticeKind, NoticeState
from shared.errors.errors import ConflictError, NotFoundError
from shared.errors.problem_types import CONFLICT, NOT_FOUND
from shared.http.paging import After, Limit, Page, cursor_of, read_id_cursor
from shared.messaging.producing.republish import Republished
from shared.openapi.models import Answer, Input
from shared.openapi.refusals import refuses

__all__ = ["NoticeWhole", "router"]

router = APIRouter(prefix="/notices/v1", tags=["notices"])

ReaderDep = Annotated[Principal, requires("notices:read", "notices:release")]
DeciderDep = Annotated[Principal, requires("notices:release")]


class NoticeItem(Answer):
    """A notice without its text."""

    notice_id: UUID
    kind: str
    """`reward`, `coaching`, `nudge`, `discipline_alert` (to the superior) or `discipline_information` (to the officer)."""
    employee_id: UUID
    """The officer that the notice is about."""
    recipient_id: UUID
    """The officer who receives it."""
    semester: str | None
    """The semester that it is about; null for a notice about a calendar year."""
    indicator: str | None
    """The indicator that it is about; null for the score as a whole."""
    period: str
    """One notice of a kind exists per period: the semester (reward), the date (coaching), the month (nudge), or the year and
    step (discipline)."""
    state: str
    """`draft`, `released`, `withheld`, `withdrawn`, `delivered`, `acknowledged` or `expired`."""
    reasons: list[str]
    """The codes of why it was created and why its state changed."""
    subject: str
    """The subject line of the letter, in Indonesian."""
    created_at: datetime
    """When the draft was made."""


class NoticeWhole(NoticeItem):
    """A notice with its text and evidence."""

    revision: int
    """The revision of the notice, from 1. Send it with a release, so that nobody releases a text that they have not read."""
    body: str
    """The letter, in Indonesian."""
    evidence: dict[str, Any]
    """The facts that the letter states."""
    decided_by: str | None
    """Who released or withheld it: an officer's id or a key's name; null before the decision."""
    released_at: datetime | None
    """When it was released; null before."""
    delivered_at: datetime | None
    """When the mail server accepted it, or mailing was given up; null before. The inbox shows the notice from its release on."""
    acknowledged_at: datetime | None
    """When the recipient confirmed reading it; null before."""
    object_until: datetime | None
    """The deadline for an objection; null before the notice is acknowledged."""
    withdrawn_at: datetime | None
    """When it was withdrawn because its reason no longer applied; else null."""
    withdrawal: str | None
    """The correction for a recipient of the letter; null if it was withdrawn as a draft."""


class Reason(Input):
    """Why a notice is withheld."""

    reason_code: Code
    """A reason of the office's own list: capitals, digits and `_`."""


class Read(Input):
    """What the releasing person has read: at another revision the letter may have changed."""

    revision: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    """The `revision` that was read; default: the current one."""


M = TypeVar("M", bound=NoticeItem)


def _shown(row: NoticeRow, model: type[M]) -> M:
    """Converts a row to a JSON model."""
    values = row._asdict() | {"indicator": row.indicator or None, "reasons": row.codes, "evidence": row.facts}
    return model(**{name: values[name] for name in model.model_fields})


def _access(who: Principal) -> dict[str, object]:
    """The caller's access as SQL parameters. A key without an officer has a null `superior`, which matches nobody."""
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
    """Lists notices, oldest first: of the key's units, or about a superior's direct subordinates."""
    values = {
        "after": read_id_cursor(after),
        "state": state,
        "kind": kind,
        "employee": employee_id,
        "most": limit + 1,
        **_access(who),
    }

    rows = await context.transact(lambda s: LISTED_NOTICES.all(s, values))
    items = [_shown(row, NoticeItem) for row in rows[:limit]]
    return Page(items=items, next=cursor_of([items[-1].notice_id]) if len(rows) > limit else None)


@router.get("/notices/{notice_id}", responses=refuses(NOT_FOUND))
async def show_notice(context: ContextDep, who: ReaderDep, notice_id: UUID) -> NoticeWhole:
    """Shows a notice with its text and evidence."""

    values = {"id": notice_id, **_access(who)}
    row = await context.transact(lambda s: READABLE_NOTICE.first(s, values))
    if row is None:
        raise NotFoundError(NO_SUCH_NOTICE)
    return _shown(row, NoticeWhole)


@router.post("/notices/{notice_id}/release", responses=refuses(NOT_FOUND, CONFLICT))
async def release_notice(
    context: ContextDep, upkeep: UpkeepDep, who: DeciderDep, notice_id: UUID, read: Read | None = None
) -> NoticeWhole:
    """Releases a draft; it is delivered within seconds.

    Answers 409 if the letter states outdated facts: `errors` lists each fact with its old and its current value. The draft is
    then updated (or withdrawn): read it again, and release it again.
    """
    revision = None if read is None else read.revision
    outcome = await context.transact(lambda s: release(upkeep, s, notice_id, who, revision))
    if outcome.refused is not None:
        raise ConflictError(outcome.refused, errors=outcome.differences)
    return _shown(outcome.notice, NoticeWhole)


@router.post("/notices/{notice_id}/withhold", responses=refuses(NOT_FOUND, CONFLICT))
async def withhold_notice(
    context: ContextDep, upkeep: UpkeepDep, who: DeciderDep, notice_id: UUID, why: Reason
) -> NoticeWhole:
    """Withholds a draft, with a reason."""
    return _shown(await context.transact(lambda s: withhold(upkeep, s, notice_id, who, why.reason_code)), NoticeWhole)


@router.post("/notices/{notice_id}/acknowledge", responses=refuses(NOT_FOUND, CONFLICT))
async def acknowledge_notice(context: ContextDep, upkeep: UpkeepDep, _: OperatorDep, notice_id: UUID) -> NoticeWhole:
    """Records that a notice was handed over and read: the objection period of 14 days starts."""
    return _shown(await context.transact(lambda s: upkeep.notices.acknowledge(s, notice_id)), NoticeWhole)


@router.get("/inbox/{employee_id}")
async def read_inbox(context: ContextDep, _: OperatorDep, employee_id: UUID) -> list[NoticeWhole]:
    """Lists the notices that a recipient has received, newest first, including withdrawn ones."""
    return [_shown(row, NoticeWhole) for row in await context.transact(lambda s: inbox_of(s, employee_id))]


@router.post("/republish", status_code=202)
async def republish_notices(context: ContextDep, _: OperatorDep) -> Republished:
    """Publishes all notices again at their current revision, unchanged."""
    return await republish(context)
