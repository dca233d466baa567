"""Turns changed totals into published records.

A batch only marks rows as changed; here each changed row becomes at most one record, however many batches touched it.
The record gets the next revision and enters the outbox in one transaction, so that revisions on the topic have no gaps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.decode import decode_day
from services.scoring.domain.contribution import TOTALS
from services.scoring.domain.discipline import absence_flag
from services.scoring.policies import PolicyBook
from services.scoring.records import discipline_record, same_content, score_record
from shared.context import Context
from shared.contracts.discipline import DisciplineRecord
from shared.contracts.score import ScoreRecord
from shared.contracts.semester import Semester
from shared.contracts.topics import DISCIPLINE, SCORE

__all__ = ["Publisher", "republish"]


ROUND_ROWS_MAX = 500
HELD_SECONDS_MAX = 10.0
"""How long a backlog may hold publishing back: its batches change the same scores again and again, and making records of
all of them would take the processor from the batches."""
STREAK_DAYS_BEFORE = 120
"""How far before 1 January a streak that crosses the year is looked for: far over the longest that the law counts."""

_TAKE_SCORES = text(
    f"""
    update semester_total t set changed = false
    from (select employee_id, semester from semester_total where changed
          order by employee_id, semester limit :most for update skip locked) as c
    where t.employee_id = c.employee_id and t.semester = c.semester
    returning t.employee_id, t.semester, t.as_of, {", ".join(f"t.{name}" for name in TOTALS)}
    """
)
_UNITS = text("select employee_id, org_unit_id from employee where employee_id = any(cast(:employees as uuid[]))")
_PUBLISHED = text(
    """
    select p.employee_id, p.semester, p.revision, p.record from published_score p
    join unnest(cast(:employees as uuid[]), cast(:semesters as int2[])) as i (employee_id, semester)
      using (employee_id, semester)
    """
)
_KEEP_SCORES = text(
    """
    insert into published_score as p (employee_id, semester, revision, record)
    select * from unnest(cast(:employees as uuid[]), cast(:semesters as int2[]), cast(:revisions as int4[]),
                         cast(:records as bytea[]))
    on conflict (employee_id, semester) do update set revision = excluded.revision, record = excluded.record
    """
)
_TAKE_YEARS = text(
    """
    update discipline_year y set changed = false
    from (select employee_id, year from discipline_year where changed
          order by employee_id, year limit :most for update skip locked) as c
    where y.employee_id = c.employee_id and y.year = c.year
    returning y.employee_id, y.year, y.revision, y.record
    """
)
_DAYS = text(
    """
    select f.work_date, f.record from day_fact f
    where f.employee_id = :employee and f.work_date between :first and :last order by f.work_date
    """
)
_KEEP_YEAR = text(
    "update discipline_year set revision = :revision, record = :record where employee_id = :employee and year = :year"
)


class Publisher:
    """Rounds of publishing; several processes may run them at once, each takes rows that no other holds.

    `backlog` tells whether this process reads a backlog now.
    """

    def __init__(self, context: Context, policies: PolicyBook, backlog: Callable[[], bool] = lambda: False) -> None:
        self._context = context
        self._policies = policies
        self._backlog = backlog
        self._held_since: float | None = None

    async def round(self) -> bool:
        """Publishes up to ROUND_ROWS_MAX changed scores and years; True when there may be more."""
        if self._held():
            return False
        more = await self._publish()
        if not more:
            self._held_since = None
        return more

    def _held(self) -> bool:
        if not self._backlog():
            return False
        now = time.monotonic()
        if self._held_since is None:
            self._held_since = now
        return now - self._held_since < HELD_SECONDS_MAX

    async def _publish(self) -> bool:
        async with self._context.database.transaction() as session:
            scores = await self._scores(session)
        async with self._context.database.transaction() as session:
            years = await self._years(session)
        return max(scores, years) == ROUND_ROWS_MAX

    async def _scores(self, session: AsyncSession) -> int:
        rows = (await session.execute(_TAKE_SCORES, {"most": ROUND_ROWS_MAX})).all()
        if not rows:
            return 0
        employees = [row.employee_id for row in rows]
        units = {row.employee_id: row.org_unit_id for row in await session.execute(_UNITS, {"employees": employees})}
        known = {"employees": employees, "semesters": [row.semester for row in rows]}
        before = {(row.employee_id, row.semester): row for row in await session.execute(_PUBLISHED, known)}
        now = self._context.clock.now()
        today = now.astimezone(self._context.zone).date()
        fresh: list[tuple[UUID, int, ScoreRecord]] = []
        for employee_id, number, as_of, *totals in sorted(rows, key=lambda row: (row[0], row[1])):
            semester = Semester.from_number(number)
            last = before.get((employee_id, number))
            record = score_record(
                employee_id,
                units.get(employee_id),
                semester,
                tuple(totals),
                await self._policies.policy(session, semester),
                revision=last.revision + 1 if last else 1,
                as_of=as_of,
                now=now,
                today=today,
            )
            if last is None or not same_content(record, ScoreRecord.model_validate_json(last.record)):
                fresh.append((employee_id, number, record))
        if fresh:
            await session.execute(
                _KEEP_SCORES,
                {
                    "employees": [employee_id for employee_id, _, _ in fresh],
                    "semesters": [number for _, number, _ in fresh],
                    "revisions": [record.revision for _, _, record in fresh],
                    "records": [record.model_dump_json().encode() for _, _, record in fresh],
                },
            )
            await self._context.outbox.add(session, SCORE, [record for _, _, record in fresh])
        return len(rows)

    async def _years(self, session: AsyncSession) -> int:
        rows = (await session.execute(_TAKE_YEARS, {"most": ROUND_ROWS_MAX})).all()
        if not rows:
            return 0
        now = self._context.clock.now()
        types = await _employment_types(session, [row.employee_id for row in rows])
        fresh: list[DisciplineRecord] = []
        for row in sorted(rows, key=lambda row: (row.employee_id, row.year)):
            last_day = date(row.year, 12, 31)
            record = discipline_record(
                row.employee_id,
                row.year,
                await working_days(session, row.employee_id, row.year),
                types.get(row.employee_id),
                await self._policies.ladders(session, last_day),
                revision=row.revision + 1,
                now=now,
            )
            if row.record is not None and same_content(record, DisciplineRecord.model_validate_json(row.record)):
                continue
            fresh.append(record)
            await session.execute(
                _KEEP_YEAR,
                {
                    "employee": row.employee_id,
                    "year": row.year,
                    "revision": record.revision,
                    "record": record.model_dump_json().encode(),
                },
            )
        await self._context.outbox.add(session, DISCIPLINE, fresh)
        return len(rows)


async def working_days(session: AsyncSession, employee_id: UUID, year: int) -> list[tuple[date, bool]]:
    """The scheduled final days of a year and of the months before it, with whether each was an unexcused absence."""
    first = date(year, 1, 1) - timedelta(days=STREAK_DAYS_BEFORE)
    rows = await session.execute(_DAYS, {"employee": employee_id, "first": first, "last": date(year, 12, 31)})
    days = []
    for work_date, evidence in rows:
        day = decode_day(evidence)
        absent = absence_flag(day.state, day.status, day.scheduled_minutes, day.excuse)
        if absent is not None:
            days.append((work_date, absent))
    return days


async def _employment_types(session: AsyncSession, employees: Sequence[UUID]) -> dict[UUID, str]:
    rows = await session.execute(
        text("select employee_id, employment_type from employee where employee_id = any(cast(:employees as uuid[]))"),
        {"employees": list(employees)},
    )
    return {row.employee_id: row.employment_type for row in rows}


async def republish(context: Context) -> int:
    """Puts every published score and year into the outbox again, unchanged, at its present revision."""
    count = 0
    after: Any = (UUID(int=0), 0)
    while True:
        async with context.database.transaction() as session:
            rows = (await session.execute(_REPUBLISH_SCORES, {"employee": after[0], "semester": after[1]})).all()
            records = [ScoreRecord.model_validate_json(row.record) for row in rows]
            await context.outbox.add(session, SCORE, records)
        count += len(rows)
        if len(rows) < ROUND_ROWS_MAX:
            break
        after = (rows[-1].employee_id, rows[-1].semester)
    after = (UUID(int=0), 0)
    while True:
        async with context.database.transaction() as session:
            years = (await session.execute(_REPUBLISH_YEARS, {"employee": after[0], "year": after[1]})).all()
            await context.outbox.add(
                session, DISCIPLINE, [DisciplineRecord.model_validate_json(row.record) for row in years]
            )
        count += len(years)
        if len(years) < ROUND_ROWS_MAX:
            return count
        after = (years[-1].employee_id, years[-1].year)


_REPUBLISH_SCORES = text(
    f"""
    select employee_id, semester, record from published_score where (employee_id, semester) > (:employee, :semester)
    order by employee_id, semester limit {ROUND_ROWS_MAX}
    """
)
_REPUBLISH_YEARS = text(
    f"""
    select employee_id, year, record from discipline_year
    where record is not null and (employee_id, year) > (:employee, :year)
    order by employee_id, year limit {ROUND_ROWS_MAX}
    """
)
