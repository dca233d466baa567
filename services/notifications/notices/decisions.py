"""A person's decision on a draft, checked against the current records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.grounds.records import Records, read_records
from services.notifications.grounds.rules.grounds import differences
from services.notifications.notices.life_cycle import state_after
from services.notifications.notices.queries import (
    NO_SUCH_NOTICE,
    OFFICER_OF_NOTICE,
    NoticeRow,
    lock_officers,
    notice_for_update,
)
from services.notifications.notices.rules.superiors import may_decide
from services.notifications.notices.upkeep import Upkeep
from shared.access.auth import Principal
from shared.errors.errors import ConflictError, ForbiddenError, NotFoundError

__all__ = ["Outcome", "release", "withhold"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The notice after a decision. With `refused`, it differs from what the person has read and was not released."""

    notice: NoticeRow
    refused: str | None = None
    differences: list[dict[str, Any]] = field(default_factory=list)


async def release(
    upkeep: Upkeep, session: AsyncSession, notice_id: UUID, who: Principal, revision: int | None = None
) -> Outcome:
    """Releases a draft if its letter states the current facts; otherwise updates the draft and returns the differences.

    `revision` is the one that the person has read, if known. Idempotent. A refusal is returned and not raised, so that the
    updated draft is committed. Raises NotFoundError, ForbiddenError for somebody who is not the direct superior,
    ConflictError if the notice is not a draft.
    """
    row, records = await _notice_to_decide(upkeep, session, notice_id, who)
    if state_after(row, "release") == row.state:
        return Outcome(row)
    ground = records.ground(row, upkeep.rules)
    if ground is None:
        raise ConflictError("The record behind this letter is missing here: `kinerja republish` sends it again.")
    after = await upkeep.follow_one(session, row, ground, records)
    found = differences(row.facts, ground.facts)
    if after.state == "withdrawn":
        return Outcome(after, "The letter is withdrawn: its reason no longer applies.", found)
    if found:
        return Outcome(after, "The letter stated outdated facts and was updated: read it again.", found)
    if revision is not None and revision != row.revision:
        return Outcome(row, f"The letter was updated since revision {revision}: read it again.", [])
    return Outcome(await upkeep.notices.release(session, row, _name_of(who)))


async def withhold(upkeep: Upkeep, session: AsyncSession, notice_id: UUID, who: Principal, reason: str) -> NoticeRow:
    """Withholds a draft. Raises the same errors as `release`."""
    row, _ = await _notice_to_decide(upkeep, session, notice_id, who)
    if state_after(row, "withhold") == row.state:
        return row
    return await upkeep.notices.change(session, row, "withhold", reason, decided_by=_name_of(who))


async def _notice_to_decide(
    upkeep: Upkeep, session: AsyncSession, notice_id: UUID, who: Principal
) -> tuple[NoticeRow, Records]:
    """The notice, locked, and the current records."""
    found = await OFFICER_OF_NOTICE.first(session, {"id": notice_id})
    if found is None:
        raise NotFoundError(NO_SUCH_NOTICE)
    officer = found.employee_id
    await lock_officers(session, [officer])
    row = await notice_for_update(session, notice_id)
    records = await read_records(session, [officer], [row], upkeep.notices.context.zone)
    superior = records.person(officer).superior_id
    if not may_decide(who.employee_id, superior, is_operator=who.is_operator):
        raise ForbiddenError("Only the officer's direct superior or the operator can decide.")
    return row, records


def _name_of(who: Principal) -> str:
    return str(who.employee_id or who.name)
