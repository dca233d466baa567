"""Quarantined batches of votes. A person accepts or dismisses a whole batch without seeing the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.feedback.quarantine.tables import QuarantineDecision
from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes, Target
from services.feedback.ratings.rules import ballots
from services.feedback.ratings.rules.ballots import Batch, Content
from shared.errors.errors import ConflictError, NotFoundError
from shared.service.context import Context

__all__ = ["Decision", "QuarantinedBatch", "decide_batch", "list_batches", "read_decisions"]

Decision = Literal["accepted", "dismissed"]
Change = Callable[[Content, UUID], tuple[Batch | None, Content]]
"""Takes a batch out of the content of a box."""
_CHANGES: dict[Decision, Change] = {"accepted": ballots.accept, "dismissed": ballots.dismiss}


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


async def list_batches(session: AsyncSession, boxes: BallotBoxes) -> list[QuarantinedBatch]:
    """All undecided batches, ordered by id."""
    found = [_shown(box.target, batch) for box in await boxes.quarantined(session) for batch in box.content.quarantined]
    return sorted(found, key=lambda batch: batch.batch_id.bytes)


async def decide_batch(
    context: Context, session: AsyncSession, boxes: BallotBoxes, batch_id: UUID, decision: Decision, reason: str
) -> QuarantinedBatch:
    """Moves the ballots of an accepted batch to the waiting ones, or deletes those of a dismissed one.

    Raises NotFoundError, ConflictError.
    """
    batch = await _remove(session, boxes, batch_id, _CHANGES[decision])
    values = asdict(batch) | {"decision": decision, "reason": reason, "decided_at": context.clock.now()}
    session.add(QuarantineDecision(**values))
    return batch


async def read_decisions(session: AsyncSession, after: UUID, most: int) -> Sequence[QuarantineDecision]:
    """Past decisions, ordered by batch id."""
    batch_id = col(QuarantineDecision.batch_id)
    page = select(QuarantineDecision).where(batch_id > after).order_by(batch_id).limit(most)
    return (await session.scalars(page)).all()


async def _remove(session: AsyncSession, boxes: BallotBoxes, batch_id: UUID, change: Change) -> QuarantinedBatch:
    """Changes the box of an undecided batch, and returns the batch as it was."""
    found = next((batch for batch in await list_batches(session, boxes) if batch.batch_id == batch_id), None)
    batch = None
    if found is not None:
        target = Target(found.employee_id, found.org_unit_id, found.weight_class)
        batch, content = change(await boxes.open(session, target), batch_id)
        await boxes.write(session, target, content)
    if found is None or batch is None:
        before = await session.get(QuarantineDecision, batch_id)
        if before is not None:
            raise ConflictError(f"This batch is already {before.decision}.")
        raise NotFoundError("There is no such batch. List them with GET /feedback/v1/quarantine.")
    return _shown(target, batch)


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
