"""Quarantined batches of votes. A person accepts or dismisses a whole batch without seeing the answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.ballot_boxes import BallotBoxes, Target
from services.feedback.ratings.rules import ballots
from services.feedback.ratings.rules.ballots import Batch
from shared.errors.errors import ConflictError, NotFoundError

__all__ = ["Decision", "QuarantinedBatch", "decide", "decisions", "quarantined"]

Decision = Literal["accepted", "dismissed"]

_DECIDED = text("select decision from quarantine_decision where batch_id = :batch")
_KEEP = text(
    """
    insert into quarantine_decision
        (batch_id, employee_id, org_unit_id, weight_class, cause, day, ballots, decision, reason, decided_at)
    values (:batch_id, :employee_id, :org_unit_id, :weight_class, :cause, :day, :ballots, :decision, :reason, :now)
    """
)
_DECISIONS = text("select * from quarantine_decision where batch_id > :after order by batch_id limit :most")


@dataclass(frozen=True, slots=True)
class QuarantinedBatch:
    """A batch as a person sees it: target, number of ballots, day, and the rule that quarantined them."""

    batch_id: UUID
    employee_id: UUID | None
    org_unit_id: str | None
    weight_class: str | None
    cause: str
    day: date
    ballots: int


async def quarantined(session: AsyncSession, boxes: BallotBoxes) -> list[QuarantinedBatch]:
    """All undecided batches, ordered by id."""
    found = [_shown(box.target, batch) for box in await boxes.quarantined(session) for batch in box.content.quarantined]
    return sorted(found, key=lambda batch: batch.batch_id.bytes)


async def decide(
    session: AsyncSession, boxes: BallotBoxes, batch_id: UUID, decision: Decision, reason: str, now: datetime
) -> QuarantinedBatch:
    """Moves accepted ballots to the waiting ones, deletes dismissed ones. Raises NotFoundError, ConflictError."""
    found = next((batch for batch in await quarantined(session, boxes) if batch.batch_id == batch_id), None)
    batch = None
    if found is not None:
        target = Target(found.employee_id, found.org_unit_id, found.weight_class)
        change = ballots.accept if decision == "accepted" else ballots.dismiss
        batch, content = change(await boxes.take(session, target), batch_id)
        await boxes.keep(session, target, content)
    if found is None or batch is None:
        before = (await session.execute(_DECIDED, {"batch": batch_id})).scalar_one_or_none()
        if before is not None:
            raise ConflictError(f"This batch is already {before}.")
        raise NotFoundError("There is no such batch. List them with GET /feedback/v1/quarantine.")
    shown = _shown(target, batch)
    values = {name: getattr(shown, name) for name in QuarantinedBatch.__slots__}
    await session.execute(_KEEP, values | {"decision": decision, "reason": reason, "now": now})
    return shown


async def decisions(session: AsyncSession, after: UUID, most: int) -> list[Any]:
    """Past decisions, ordered by batch id."""
    return list((await session.execute(_DECISIONS, {"after": after, "most": most})).mappings())


def _shown(target: Target, batch: Batch) -> QuarantinedBatch:
    return QuarantinedBatch(
        batch_id=batch.batch_id,
        employee_id=target.employee_id,
        org_unit_id=target.org_unit_id,
        weight_class=target.weight_class,
        cause=batch.cause,
        day=batch.day,
        ballots=len(batch.ballots),
    )
