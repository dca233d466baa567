"""Every published score and year again, for a broker or a consumer that lost records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.context import Context
from shared.contracts.discipline import DisciplineRecord
from shared.contracts.revisions import with_rungs
from shared.contracts.score import ScoreRecord
from shared.contracts.topics import DISCIPLINE, SCORE

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


async def republish(context: Context) -> int:
    """Puts every published score and year into the outbox again, unchanged, at its present revision."""
    count = 0
    after: Any = (UUID(int=0), 0)
    while True:
        async with context.database.transaction() as session:
            rows = (await session.execute(_SCORES, {"employee": after[0], "semester": after[1]})).all()
            records = [ScoreRecord.model_validate_json(row.record) for row in rows]
            await context.outbox.add(session, SCORE, with_rungs(records))
        count += len(rows)
        if len(rows) < ROUND_ROWS_MAX:
            break
        after = (rows[-1].employee_id, rows[-1].semester)
    after = (UUID(int=0), 0)
    while True:
        async with context.database.transaction() as session:
            years = (await session.execute(_YEARS, {"employee": after[0], "year": after[1]})).all()
            told = [DisciplineRecord.model_validate_json(row.record) for row in years]
            await context.outbox.add(session, DISCIPLINE, with_rungs(told))
        count += len(years)
        if len(years) < ROUND_ROWS_MAX:
            return count
        after = (years[-1].employee_id, years[-1].year)
