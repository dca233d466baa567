"""Publishes changed totals as scores.

A batch only marks rows as changed; the publisher creates at most one record per changed row, for any number of batches.
The record gets the next revision and enters the outbox in one transaction, so that revisions on the topic have no gaps.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.scores.held_publisher import HeldPublisher
from services.scoring.scores.records import same_content, score_record
from services.scoring.totals.rules.contribution import TOTALS
from shared.contracts.events.score import ScoreRecord
from shared.contracts.semester import Semester
from shared.contracts.topics import SCORE

__all__ = ["Publisher"]

ROUND_ROWS_MAX = 500

_TAKE = text(
    f"""
    update semester_total t set changed = false
    from (select employee_id, semester from semester_total
          where changed and (employee_id, semester) not in
            (select * from unnest(cast(:not_employees as uuid[]), cast(:not_periods as int2[])))
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
_KEEP = text(
    """
    insert into published_score as p (employee_id, semester, revision, record)
    select * from unnest(cast(:employees as uuid[]), cast(:semesters as int2[]), cast(:revisions as int4[]),
                         cast(:records as bytea[]))
    on conflict (employee_id, semester) do update set revision = excluded.revision, record = excluded.record
    """
)


class Publisher(HeldPublisher):
    """Publishes a record for each changed score."""

    task = "scores"
    rows_max = ROUND_ROWS_MAX

    async def _publish(self, session: AsyncSession) -> bool:
        most = self._batches.most
        rows = (await session.execute(_TAKE, self._limits())).all()
        if not rows:
            return False
        self._batches.took((row.employee_id, row.semester) for row in rows)
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
                _KEEP,
                {
                    "employees": [employee_id for employee_id, _, _ in fresh],
                    "semesters": [number for _, number, _ in fresh],
                    "revisions": [record.revision for _, _, record in fresh],
                    "records": [record.model_dump_json().encode() for _, _, record in fresh],
                },
            )
            await self._context.outbox.add(session, SCORE, [record for _, _, record in fresh])
        return len(rows) == most
