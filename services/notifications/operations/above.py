"""How this service lifts revisions of notices above a wrong one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.notices.life_cycle import notice_record
from services.notifications.notices.queries import NOTICE_COLUMNS, NoticeRow
from services.notifications.notices.tables import Notice
from shared.contracts.events.notice import NoticeRecord
from shared.contracts.topics import NOTICE, Topic
from shared.db.queries import query
from shared.operations.above import Lift, Move

__all__ = ["LIFTS"]

MOVE_REVISION = query(
    f"update notice n set revision = :revision where notice_id = :notice_id returning {NOTICE_COLUMNS}", NoticeRow
)


async def _lift(session: AsyncSession, values: Mapping[str, Any], move: Move) -> Sequence[NoticeRecord]:
    present = await session.get(Notice, values["notice_id"], with_for_update=True)
    if present is None:
        return []
    row = await MOVE_REVISION.one(session, {**values, "revision": move(present.revision)})
    return [notice_record(row, row.created_at)]


LIFTS: dict[Topic[Any], Lift] = {NOTICE: _lift}
