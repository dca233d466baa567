"""A person's decision on a draft, checked against the current records."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.grounds.records import Records, read_records
from services.notifications.grounds.rules.grounds import differences
from services.notifications.notices.life_cycle import find_locked, lock_officers
from services.notifications.notices.upkeep import Upkeep
from shared.access.auth import Principal
from shared.errors.errors import ConflictError, ForbiddenError, NotFoundError

__all__ = ["Outcome", "release", "withhold"]

_OFFICER = text("select employee_id from notice where notice_id = :id")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The notice after a decision. With `refused`, it differs from what the person has read and was not released."""

    notice: RowMapping
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
    row, records = await _draft(upkeep, session, notice_id, who)
    if row["state"] == "released":
        return Outcome(row)
    _must_be_draft(row, "released")
    ground = records.ground(row, upkeep.rules)
    if ground is None:
        raise ConflictError("The record behind this letter is missing here: `kinerja republish` sends it again.")
    after = await upkeep.follow_one(session, row, ground, records)
    found = differences(json.loads(row["evidence"]), ground.facts)
    if after["state"] == "withdrawn":
        return Outcome(after, "The letter is withdrawn: its reason no longer applies.", found)
    if found:
        return Outcome(after, "The letter stated outdated facts and was updated: read it again.", found)
    if revision is not None and revision != row["revision"]:
        return Outcome(row, f"The letter was updated since revision {revision}: read it again.", [])
    return Outcome(await upkeep.notices.release(session, row, _name_of(who)))


async def withhold(upkeep: Upkeep, session: AsyncSession, notice_id: UUID, who: Principal, reason: str) -> RowMapping:
    """Withholds a draft. Raises the same errors as `release`."""
    row, _ = await _draft(upkeep, session, notice_id, who)
    if row["state"] == "withheld":
        return row
    _must_be_draft(row, "withheld")
    return await upkeep.notices.end(session, row, "withheld", reason, decided_by=_name_of(who))


async def _draft(upkeep: Upkeep, session: AsyncSession, notice_id: UUID, who: Principal) -> tuple[RowMapping, Records]:
    """The notice, locked, and the current records."""
    officer = (await session.execute(_OFFICER, {"id": notice_id})).scalar_one_or_none()
    if officer is None:
        raise NotFoundError("There is no such notice. List them with GET /notices/v1/notices.")
    await lock_officers(session, [officer])
    row = await find_locked(session, notice_id)
    records = await read_records(session, [officer], [row], upkeep.notices.context.zone)
    superior = records.person(officer).superior_id
    # Two missing values must not match: an officer without a superior, and a key without an officer.
    if not who.is_operator and (who.employee_id is None or superior is None or who.employee_id != superior):
        raise ForbiddenError("Only the officer's direct superior or the operator can decide.")
    return row, records


def _must_be_draft(row: RowMapping, wanted: str) -> None:
    if row["state"] != "draft":
        raise ConflictError(f"The notice is {row['state']}; only a draft can be {wanted}.")


def _name_of(who: Principal) -> str:
    return str(who.employee_id or who.name)
