"""Publishes the present state again."""

from __future__ import annotations

from fastapi import APIRouter

from services.attendance.dependencies import ContextDep, OperatorDep
from services.attendance.operations.republish import republish
from shared.openapi.models import Answer

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1", tags=["officers"])


class Republished(Answer):
    """The numbers of records that were added to the outbox again."""

    employees: int
    """Officers whose record is published again."""
    days: int
    """Days whose record is published again."""
    unreadable: int
    """Stored records that were skipped; the log has each of them as `row_unreadable`."""


@router.post("/republish")
async def publish_again(context: ContextDep, _: OperatorDep) -> Republished:
    """Publishes all officers and all days with their present revisions again. Consumers that have them change nothing."""
    counts = await republish(context)
    return Republished(**counts)
