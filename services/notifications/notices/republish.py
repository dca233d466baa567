"""Publishes all notices again."""

from __future__ import annotations

from uuid import UUID

from services.notifications.notices.life_cycle import notice_record
from services.notifications.notices.queries import NOTICE_PAGE, NoticeRow
from shared.contracts.events.notice import NoticeRecord
from shared.contracts.topics import NOTICE
from shared.messaging.producing.republish import Republished, add_again
from shared.service.context import Context

__all__ = ["republish"]

AT_A_TIME = 500


async def republish(context: Context) -> Republished:
    """Adds all notices at their current revision to the outbox, one batch per transaction."""
    after, counts = UUID(int=0), Republished()
    while True:
        async with context.database.transaction() as session:
            rows = await NOTICE_PAGE.all(session, {"after": after, "most": AT_A_TIME})
            await add_again(context.outbox, session, NOTICE, rows, _stored, lambda row: row.notice_id, counts)
        if len(rows) < AT_A_TIME:
            return counts
        after = rows[-1].notice_id


def _stored(row: NoticeRow) -> NoticeRecord:
    return notice_record(row, row.created_at)
