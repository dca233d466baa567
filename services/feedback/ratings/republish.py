"""Publishes all feedback again."""

from __future__ import annotations

from uuid import UUID

from services.feedback.ratings.queries import FEEDBACK_PAGE
from shared.contracts.topics import FEEDBACK
from shared.messaging.producing.republish import Republished, add_again, from_record
from shared.service.context import Context

__all__ = ["republish"]

AT_A_TIME = 500


async def republish(context: Context) -> Republished:
    """Adds all feedback at its current revision to the outbox, one batch per transaction."""
    after, counts = UUID(int=0), Republished()
    while True:
        async with context.database.transaction() as session:
            rows = await FEEDBACK_PAGE.all(session, {"after": after, "most": AT_A_TIME})
            await add_again(
                context.outbox, session, FEEDBACK, rows, from_record(FEEDBACK), lambda row: row.feedback_id, counts
            )
        if len(rows) < AT_A_TIME:
            return counts
        after = rows[-1].feedback_id
