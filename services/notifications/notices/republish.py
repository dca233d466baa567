"""Publishes all notices again."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.notices.life_cycle import notice_record
from services.notifications.notices.queries import NOTICE_PAGE, NoticeRow
from shared.contracts.events.notice import NoticeRecord
from shared.contracts.topics import NOTICE
from shared.messaging.producing.republish import Republished, add_all_again
from shared.service.context import Context

__all__ = ["republish"]

AT_A_TIME = 500


async def republish(context: Context) -> Republished:
    """Adds all notices at their current revision to the outbox, one batch per transaction."""
    return await add_all_again(
        context.database, context.outbox, NOTICE, _next_rows, UUID(int=0), lambda row: row.notice_id, _stored
    )


async def _next_rows(session: AsyncSession, after: UUID) -> list[NoticeRow]:
    return await NOTICE_PAGE.all(session, {"after": after, "most": AT_A_TIME})


def _stored(row: NoticeRow) -> NoticeRecord:
    return notice_record(row, row.created_at)
