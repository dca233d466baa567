"""Withdrawing published feedback."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings import groups
from services.feedback.ratings.ballot_boxes import BallotBoxes
from services.feedback.ratings.groups import RatingGroup
from services.feedback.ratings.publishing import keep
from shared.contracts.events.feedback import FeedbackRecord
from shared.errors.errors import NotFoundError
from shared.service.context import Context

__all__ = ["withdraw"]

_GROUP = text("select group_id from feedback where feedback_id = :id")
_LOCKED = text("select * from feedback where feedback_id = :id for update")


async def withdraw(
    context: Context, boxes: BallotBoxes, session: AsyncSession, feedback_id: UUID, reason: str, now: datetime
) -> FeedbackRecord | RatingGroup:
    """Withdraws an assessment, or a citizen's rating with its whole group. Idempotent. Raises NotFoundError."""
    row = (await session.execute(_GROUP, {"id": feedback_id})).first()
    if row is None:
        raise NotFoundError("There is no such feedback. List it with GET /feedback/v1/feedback.")
    if row.group_id is not None:
        return await groups.withdraw(context, boxes, session, row.group_id, reason, now, only=feedback_id)
    locked = (await session.execute(_LOCKED, {"id": feedback_id})).mappings().one()
    record = FeedbackRecord.model_validate_json(locked["record"])
    if record.state == "withdrawn":
        return record
    changed = record.model_copy(update={"state": "withdrawn", "revision": record.revision + 1, "recorded_at": now})
    await keep(context, session, [changed], assessor_id=locked["assessor_id"], reason=reason)
    return changed
