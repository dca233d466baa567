"""Publishes changed totals as scores.

A batch only sets `changed`; the publisher creates at most one record per changed row, for any number of batches.
The record gets the next revision and enters the outbox in one transaction, so that revisions on the topic have no gaps.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.scores.changed_rows import ChangedRowPublisher
from services.scoring.scores.queries import (
    PUBLISHED_SCORES,
    SAVE_PUBLISHED,
    TAKE_CHANGED_TOTALS,
    UNITS_OF_OFFICERS,
    ChangedTotals,
)
from services.scoring.scores.records import same_content, score_record
from shared.contracts.events.score import ScoreRecord
from shared.contracts.semester import Semester
from shared.contracts.topics import SCORE
from shared.observability.tracing import step

__all__ = ["ScorePublisher"]

ROUND_ROWS_MAX = 500


class ScorePublisher(ChangedRowPublisher):
    """Publishes a record for each changed score."""

    task = "scores"
    rows_max = ROUND_ROWS_MAX

    async def _publish(self, session: AsyncSession) -> bool:
        most = self._batches.most
        rows = await TAKE_CHANGED_TOTALS.all(session, self._limits())
        if not rows:
            return False
        self._batches.took((row.employee_id, row.semester) for row in rows)
        with step("publish scores", {"kinerja.scores": len(rows)}):
            rows.sort(key=lambda row: (row.employee_id, row.semester))
            records = await self._changed_records(session, rows)
            if records:
                await session.execute(
                    SAVE_PUBLISHED,
                    {
                        "employees": [record.employee_id for record in records],
                        "semesters": [Semester.parse(record.semester).number for record in records],
                        "revisions": [record.revision for record in records],
                        "records": [record.model_dump_json().encode() for record in records],
                    },
                )
                await self._context.outbox.add(session, SCORE, records)
        return len(rows) == most

    async def _changed_records(self, session: AsyncSession, rows: Sequence[ChangedTotals]) -> list[ScoreRecord]:
        """The records of the rows, without those that equal the published ones."""
        keys = {"employees": [row.employee_id for row in rows], "semesters": [row.semester for row in rows]}
        units = {row.employee_id: row.org_unit_id for row in await UNITS_OF_OFFICERS.all(session, keys)}
        published = {(row.employee_id, row.semester): row for row in await PUBLISHED_SCORES.all(session, keys)}
        now = self._context.clock.now()
        today = self._context.date_of(now)
        records: list[ScoreRecord] = []
        for row in rows:
            last = published.get((row.employee_id, row.semester))
            policy = await self._policies.policy(session, Semester.from_number(row.semester))
            record = score_record(
                row,
                units.get(row.employee_id),
                policy,
                revision=last.revision + 1 if last else 1,
                now=now,
                today=today,
            )
            if last is None or not same_content(record, ScoreRecord.model_validate_json(last.record)):
                records.append(record)
        return records
