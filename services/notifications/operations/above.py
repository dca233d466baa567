"""How this service lifts revisions of notices above a wrong one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.notices.life_cycle import notice_record
from shared.contracts.events.notice import NoticeRecord
from shared.contracts.topics import NOTICE, Topic
from shared.operations.above import Lift, Move

__all__ = ["LIFTS"]

_NOTICE = text("select revision from notice where notice_id = :notice_id for update")
_MOVE = text("update notice set revision = :revision where notice_id = :notice_id returning *")


async def _lift(session: AsyncSession, values: Mapping[str, Any], move: Move) -> Sequence[NoticeRecord]:
    present = (await session.execute(_NOTICE, dict(values))).scalar()
    if present is None:
        return []
    row = (await session.execute(_MOVE, {**values, "revision": move(present)})).mappings().one()
    return [notice_record(row, row["created_at"])]


LIFTS: dict[Topic[Any], Lift] = {NOTICE: _lift}
