"""Publishes a discipline record for each year with changed absences.

A record is computed from all of the officer's days of the year, and nobody needs it within seconds, so the changes of a few
seconds become one record. Revisions on the topic have no gaps, like those of scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.discipline.records import discipline_record
from services.scoring.discipline.rules.discipline import absence_flag
from services.scoring.facts.decode import decode_day
from services.scoring.scores.held_publisher import HeldPublisher
from services.scoring.scores.records import same_content
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.topics import DISCIPLINE

__all__ = ["DisciplinePublisher"]

ROUND_ROWS_MAX = 20
"""Each row loads all of the officer's days, and the consumer of the same process waits while they are counted."""
STREAK_DAYS_BEFORE = 120
"""How many days before 1 January are searched for a streak across the year; much more than the longest streak in the law."""

_TAKE = text(
    """
    update discipline_year y set changed = false
    from (select employee_id, year from discipline_year
          where changed and (employee_id, year) not in
            (select * from unnest(cast(:not_employees as uuid[]), cast(:not_periods as int2[])))
          order by employee_id, year limit :most for update skip locked) as c
    where y.employee_id = c.employee_id and y.year = c.year
    returning y.employee_id, y.year, y.revision, y.record
    """
)
_DAYS = text(
    f"""
    select f.employee_id, i.year, array_agg(f.work_date order by f.work_date) as dates,
           array_agg(f.record order by f.work_date) as evidence
    from unnest(cast(:employees as uuid[]), cast(:years as int4[])) as i (employee_id, year)
    join day_fact f on f.employee_id = i.employee_id
      and f.work_date between make_date(i.year, 1, 1) - {STREAK_DAYS_BEFORE} and make_date(i.year, 12, 31)
    group by f.employee_id, i.year
    """
)
_TYPES = text("select employee_id, employment_type from employee where employee_id = any(cast(:employees as uuid[]))")
_KEEP = text(
    """
    update discipline_year y set revision = i.revision, record = i.record
    from unnest(cast(:employees as uuid[]), cast(:years as int2[]), cast(:revisions as int4[]), cast(:records as bytea[]))
         as i (employee_id, year, revision, record)
    where y.employee_id = i.employee_id and y.year = i.year
    """
)


class DisciplinePublisher(HeldPublisher):
    """Publishes a record for each changed year."""

    task = "discipline"
    rows_max = ROUND_ROWS_MAX

    async def _publish(self, session: AsyncSession) -> bool:
        most = self._batches.most
        rows = (await session.execute(_TAKE, self._limits())).all()
        if not rows:
            return False
        self._batches.took((row.employee_id, row.year) for row in rows)
        rows = sorted(rows, key=lambda row: (row.employee_id, row.year))
        days = await _days(session, rows)
        employees = {"employees": [row.employee_id for row in rows]}
        types = {row.employee_id: row.employment_type for row in await session.execute(_TYPES, employees)}
        now = self._context.clock.now()
        fresh: list[DisciplineRecord] = []
        for row in rows:
            record = discipline_record(
                row.employee_id,
                row.year,
                days.get((row.employee_id, row.year), []),
                types.get(row.employee_id),
                await self._policies.ladders(session, date(row.year, 12, 31)),
                revision=row.revision + 1,
                now=now,
            )
            if row.record is None or not same_content(record, DisciplineRecord.model_validate_json(row.record)):
                fresh.append(record)
        if fresh:
            await session.execute(
                _KEEP,
                {
                    "employees": [record.employee_id for record in fresh],
                    "years": [record.year for record in fresh],
                    "revisions": [record.revision for record in fresh],
                    "records": [record.model_dump_json().encode() for record in fresh],
                },
            )
            await self._context.outbox.add(session, DISCIPLINE, fresh)
        return len(rows) == most


async def _days(session: AsyncSession, years: Sequence[Any]) -> dict[tuple[UUID, int], list[tuple[date, bool]]]:
    """(date, unexcused absence?) for the scheduled final days of each year and of STREAK_DAYS_BEFORE days before it."""
    values = {"employees": [row.employee_id for row in years], "years": [row.year for row in years]}
    found: dict[tuple[UUID, int], list[tuple[date, bool]]] = {}
    for row in await session.execute(_DAYS, values):
        days = found[row.employee_id, row.year] = []
        for work_date, evidence in zip(row.dates, row.evidence, strict=True):
            day = decode_day(evidence)
            absent = absence_flag(day.state, day.status, day.scheduled_minutes, day.excuse)
            if absent is not None:
                days.append((work_date, absent))
    return found
