"""Withdraws published feedback permanently."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes, Target
from services.feedback.ratings.groups import RatingGroup, group_of, shuffled
from services.feedback.ratings.publishing import publish_records
from services.feedback.ratings.queries import GROUP_FOR_UPDATE
from services.feedback.ratings.rules.ballots import Ballot, put_back
from services.feedback.ratings.rules.tallies import answers_of
from services.feedback.ratings.tables import Feedback
from shared.contracts.events.feedback import FeedbackRecord
from shared.errors.errors import NotFoundError
from shared.service.context import Context

__all__ = ["withdraw_feedback", "withdraw_group"]


async def withdraw_feedback(
    context: Context, boxes: BallotBoxes, session: AsyncSession, feedback_id: UUID, reason: str
) -> FeedbackRecord | RatingGroup:
    """Withdraws an assessment, or a citizen's rating with its whole group. Idempotent. Raises NotFoundError."""
    group = (await session.execute(select(Feedback.group_id).where(col(Feedback.feedback_id) == feedback_id))).first()
    if group is None:
        raise NotFoundError("There is no such feedback. List it with GET /feedback/v1/feedback.")
    if group.group_id is not None:
        return await withdraw_group(context, boxes, session, group.group_id, reason, only=feedback_id)
    # The first read of the whole row in this session: a row that it already had would not be read again under the lock.
    row = await session.get_one(Feedback, feedback_id, with_for_update=True)
    record = FeedbackRecord.model_validate_json(row.record)
    if record.state == "withdrawn":
        return record
    changed = _withdrawn(record, context.clock.now())
    await publish_records(context, session, [changed], assessor_id=row.assessor_id, reason=reason)
    return changed


async def withdraw_group(
    context: Context,
    boxes: BallotBoxes,
    session: AsyncSession,
    group_id: UUID,
    reason: str,
    *,
    only: UUID | None = None,
) -> RatingGroup:
    """Withdraws a group permanently. With `only`, withdraws just this rating permanently; the others wait for a new group.

    Either way the whole group stops counting in the scores at once. Idempotent. Raises NotFoundError.
    """
    rows = await GROUP_FOR_UPDATE.all(session, {"group": group_id})
    records = [FeedbackRecord.model_validate_json(row.record) for row in rows]
    if not records:
        raise NotFoundError("There is no such group of ratings. List them with GET /feedback/v1/feedback.")
    first = records[0]
    if first.state == "withdrawn":
        return group_of(records, rows[0].reason, boxes.rules.group_minimum)
    now = context.clock.now()  # one moment for the group: rising ones would tell an order
    changed = shuffled([_withdrawn(record, now) for record in records])
    await publish_records(context, session, changed, reason=reason)
    if only is not None:
        others = [record for record in records if record.feedback_id != only]
        target = Target(first.employee_id, first.org_unit_id, first.weight_class)
        again = [Ballot(r.given_at.date(), answers_of(r), published_before=True) for r in others]
        await boxes.write(session, target, put_back(await boxes.open(session, target), again))
    return group_of(changed, reason, boxes.rules.group_minimum)


def _withdrawn(record: FeedbackRecord, now: datetime) -> FeedbackRecord:
    """The next revision of a record, withdrawn."""
    changes = {"state": "withdrawn", "revision": record.revision + 1, "recorded_at": now}
    return record.model_copy(update=changes)
