"""Publishes all scores and discipline records again, for a broker or a consumer that lost records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.operations.queries import NEXT_SCORES, NEXT_YEARS, PublishedRow
from shared.contracts.topics import DISCIPLINE, SCORE, Topic
from shared.db.queries import Query
from shared.messaging.producing.republish import Republished, add_all_again, from_record
from shared.service.context import Context

__all__ = ["republish"]


async def republish(context: Context) -> Republished:
    """Adds every published score and discipline record to the outbox again, unchanged, at its current revision."""
    scores = await _republish(context, SCORE, NEXT_SCORES)
    years = await _republish(context, DISCIPLINE, NEXT_YEARS)
    return Republished(records=scores.records + years.records, unreadable=scores.unreadable + years.unreadable)


async def _republish(context: Context, topic: Topic[Any], page: Query[PublishedRow]) -> Republished:
    async def next_rows(session: AsyncSession, after: tuple[UUID, int]) -> list[PublishedRow]:
        return await page.all(session, {"employee": after[0], "period": after[1]})

    return await add_all_again(
        context.database,
        context.outbox,
        topic,
        next_rows,
        (UUID(int=0), 0),
        lambda row: (row.employee_id, row.period),
        from_record(topic),
    )
