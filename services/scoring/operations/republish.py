"""Publishes all scores and discipline records again, for a broker or a consumer that lost records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.contracts.topics import DISCIPLINE, SCORE
from shared.messaging.producing.republish import Republished, add_again, from_record
from shared.service.context import Context

__all__ = ["republish"]

ROUND_ROWS_MAX = 500

_SCORES = text(
    f"""
    select employee_id, semester, record from published_score where (employee_id, semester) > (:employee, :semester)
    order by employee_id, semester limit {ROUND_ROWS_MAX}
    """
)
_YEARS = text(
    f"""
    select employee_id, year, record from discipline_year
    where record is not null and (employee_id, year) > (:employee, :year)
    order by employee_id, year limit {ROUND_ROWS_MAX}
    """
)


async def republish(context: Context) -> Republished:
    """Adds every published score and discipline record to the outbox again, unchanged, at its current revision."""
    counts = Republished()
    after: Any = (UUID(int=0), 0)
    while True:
        async with context.database.transaction() as session:
            rows = (await session.execute(_SCORES, {"employee": after[0], "semester": after[1]})).all()
            await add_again(
                context.outbox, session, SCORE, rows, from_record(SCORE), lambda row: tuple(row[:2]), counts
            )
        if len(rows) < ROUND_ROWS_MAX:
            break
        after = (rows[-1].employee_id, rows[-1].semester)
    after = (UUID(int=0), 0)
    while True:
        async with context.database.transaction() as session:
            years = (await session.execute(_YEARS, {"employee": after[0], "year": after[1]})).all()
            await add_again(
                context.outbox, session, DISCIPLINE, years, from_record(DISCIPLINE), lambda row: tuple(row[:2]), counts
            )
        if len(years) < ROUND_ROWS_MAX:
            return counts
        after = (years[-1].employee_id, years[-1].year)
