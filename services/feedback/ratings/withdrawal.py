"""Withdraws published feedback permanently."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes, Target
from services.feedback.ratings.groups import RatingGroup, group_of, shuffled
from services.feedback.ratings.publishing import publish_records
from services.feedback.ratings.queries import GROUP_FOR_UPDATE
from services.feedback.ratings.rules.ballots import Ballot, put_back
from services.feedback.ratings.tables import Feedback
from shared.contracts.events.feedback import FeedbackRecord
from shared.errors.errors import NotFoundError
from shared.service.context import Context

__all__ = ["withdraw_feedback", "withdraw_group"]


async def withdraw_feedback(
    context: Context, boxes: BallotBoxes, session: AsyncSession, feedback_id: UUID, reason: str
) -> FeedbackRecord | RatingGroup:
    """Withdraws an assessment, or a citizen's rating with its whole group. Idempotent. Raises NotFoundError."""
    row = await session.get(Feedback, feedback_id)
    if row is None:
        raise NotFoundError("There is no such feedback. List it with GET /feedback/v1/feedback.")
    if row.group_id is not None:
        return await withdraw_group(context, boxes, session, row.group_id, reason, only=feedback_id)
    row = await session.get_one(Feedback, feedback_id, with_for_update=True)
    record = FeedbackRecord.model_validate_json(row.record)
    if record.state == "withdrawn":
        return record
    changed = _withdrawn(context, record)
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
        return group_of([row.record for row in rows], rows[0].reason, boxes.rules.group_minimum)
    changed = shuffled([_withdrawn(context, record) for record in records])
    await publish_records(context, session, changed, reason=reason)
    if only is not None:
        others = [record for record in records if record.feedback_id != only]
        target = Target(first.employee_id, first.org_unit_id, first.weight_class)
        again = [
            Ballot(r.given_at.date(), {str(n): v for n, v in (r.ratings or {}).items()}, published_before=True)
            for r in others
        ]
        await boxes.write(session, target, put_back(await boxes.open(session, target), again))
    return group_of([record.model_dump_json() for record in changed], reason, boxes.rules.group_minimum)


def _withdrawn(context: Context, record: FeedbackRecord) -> FeedbackRecord:
    """The next revision of a record, withdrawn."""
    changes = {"state": "withdrawn", "revision": record.revision + 1, "recorded_at": context.clock.now()}
    return record.model_copy(update=changes)
