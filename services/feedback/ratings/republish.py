"""Publishes all feedback again."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.queries import FEEDBACK_PAGE, StoredRecord
from shared.contracts.topics import FEEDBACK
from shared.messaging.producing.republish import Republished, add_all_again, from_record
from shared.service.context import Context

__all__ = ["republish"]

AT_A_TIME = 500


async def republish(context: Context) -> Republished:
    """Adds all feedback at its current revision to the outbox, one batch per transaction."""
    return await add_all_again(
        context.database,
        context.outbox,
        FEEDBACK,
        _next_rows,
        UUID(int=0),
        lambda row: row.feedback_id,
        from_record(FEEDBACK),
    )


async def _next_rows(session: AsyncSession, after: UUID) -> list[StoredRecord]:
    return await FEEDBACK_PAGE.all(session, {"after": after, "most": AT_A_TIME})
