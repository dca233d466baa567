"""Publishes all scores and discipline records again, for a broker or a consumer that lost records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.scoring.operations.queries import NEXT_SCORES, NEXT_YEARS, ROUND_ROWS_MAX, PublishedRow
from shared.contracts.topics import DISCIPLINE, SCORE, Topic
from shared.db.queries import Query
from shared.messaging.producing.republish import Republished, add_again, from_record
from shared.service.context import Context

__all__ = ["republish"]


async def republish(context: Context) -> Republished:
    """Adds every published score and discipline record to the outbox again, unchanged, at its current revision."""
    counts = Republished()
    await _republish(context, SCORE, NEXT_SCORES, counts)
    await _republish(context, DISCIPLINE, NEXT_YEARS, counts)
    return counts


async def _republish(context: Context, topic: Topic[Any], next_rows: Query[PublishedRow], counts: Republished) -> None:
    after = (UUID(int=0), 0)
    while True:
        async with context.database.transaction() as session:
            rows = await next_rows.all(session, {"employee": after[0], "period": after[1]})
            await add_again(
                context.outbox,
                session,
                topic,
                rows,
                from_record(topic),
                lambda row: (row.employee_id, row.period),
                counts,
            )
        if len(rows) < ROUND_ROWS_MAX:
            return
        after = (rows[-1].employee_id, rows[-1].period)
