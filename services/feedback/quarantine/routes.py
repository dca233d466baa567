"""Quarantined votes as JSON: target, number, day and rule; never the answers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter

from services.feedback.dependencies import ContextDep, OperatorDep
from services.feedback.quarantine.decisions import (
    Decision,
    QuarantinedBatch,
    decide_batch,
    list_batches,
    read_decisions,
)
from services.feedback.ratings.boxes.dependencies import BoxesDep
from services.feedback.ratings.routes import Reason
from shared.errors.problem_types import CONFLICT, NOT_FOUND
from shared.http.paging import After, Limit, Page, cursor_of, read_id_cursor
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/feedback/v1/quarantine", tags=["quarantine"])


class BatchItem(Answer):
    """Votes for one target on one day that one rule quarantined (HONEYPOT: a bot filled in the form; BURST: too many)."""

    batch_id: UUID
    employee_id: UUID | None
    """The officer who was rated; null if the visits were to a unit as a whole."""
    org_unit_id: str | None
    """The unit that was visited; null if unknown."""
    weight_class: str | None
    """`visit` or `counter`; null if unknown."""
    cause: str
    """`HONEYPOT`: a bot filled in the form. `BURST`: more votes in a short time than is plausible."""
    day: date
    """The date of the votes."""
    ballots: int
    """How many votes the batch has."""


class DecisionItem(BatchItem):
    """A decided batch."""

    decision: Decision
    """`accepted`: the votes count. `dismissed`: they were deleted."""
    reason: str
    """The reason code that the deciding person gave."""
    decided_at: datetime
    """When it was decided."""


@router.get("")
async def list_quarantined(
    context: ContextDep, boxes: BoxesDep, _: OperatorDep, limit: Limit = 100, after: After = None
) -> Page[BatchItem]:
    """Lists the batches that wait for a decision."""
    least = read_id_cursor(after)
    found = await context.transact(lambda s: list_batches(s, boxes))
    later = [batch for batch in found if batch.batch_id.bytes > least.bytes]
    return Page(
        items=[_item(batch) for batch in later[:limit]],
        next=cursor_of([later[limit - 1].batch_id]) if len(later) > limit else None,
    )


@router.get("/decisions")
async def list_decisions(
    context: ContextDep, _: OperatorDep, limit: Limit = 100, after: After = None
) -> Page[DecisionItem]:
    """Lists past decisions about batches, with their reasons."""
    found = await context.transact(lambda s: read_decisions(s, read_id_cursor(after), limit + 1))
    return Page(
        items=[DecisionItem(**decision.model_dump()) for decision in found[:limit]],
        next=cursor_of([found[limit - 1].batch_id]) if len(found) > limit else None,
    )


@router.post("/{batch_id}/accept", responses=refuses(NOT_FOUND, CONFLICT))
async def accept(context: ContextDep, boxes: BoxesDep, _: OperatorDep, batch_id: UUID, why: Reason) -> BatchItem:
    """Accepts a batch: its votes wait for a group like all others."""
    return _item(
        await context.transact(lambda s: decide_batch(context, s, boxes, batch_id, "accepted", why.reason_code))
    )


@router.post("/{batch_id}/dismiss", responses=refuses(NOT_FOUND, CONFLICT))
async def dismiss(context: ContextDep, boxes: BoxesDep, _: OperatorDep, batch_id: UUID, why: Reason) -> BatchItem:
    """Deletes the votes of a batch permanently; the number of votes and the reason stay on record."""
    return _item(
        await context.transact(lambda s: decide_batch(context, s, boxes, batch_id, "dismissed", why.reason_code))
    )


def _item(batch: QuarantinedBatch) -> BatchItem:
    return BatchItem(**asdict(batch))
