"""Publishes a discipline record for each year with changed absences.

A record is computed from all of the officer's days of the year, and nobody needs it within seconds, so the changes of a few
seconds become one record. Revisions on the topic have no gaps, like those of scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.discipline.queries import (
    DAYS_OF_YEARS,
    EMPLOYMENT_TYPES,
    SAVE_PUBLISHED,
    TAKE_CHANGED_YEARS,
    ChangedYear,
)
from services.scoring.discipline.records import discipline_record
from services.scoring.discipline.rules.discipline import absence_flag
from services.scoring.facts.decode import decode_day
from services.scoring.scores.changed_rows import ChangedRowPublisher
from services.scoring.scores.records import same_content
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.topics import DISCIPLINE

__all__ = ["DisciplinePublisher"]

ROUND_ROWS_MAX = 20
"""Each row loads all of the officer's days, and the consumer of the same process waits while they are counted."""


class DisciplinePublisher(ChangedRowPublisher):
    """Publishes a record for each changed year."""

    task = "discipline"
    rows_max = ROUND_ROWS_MAX

    async def _publish(self, session: AsyncSession) -> bool:
        most = self._batches.most
        rows = await TAKE_CHANGED_YEARS.all(session, self._limits())
        if not rows:
            return False
        self._batches.took((row.employee_id, row.year) for row in rows)
        rows.sort(key=lambda row: (row.employee_id, row.year))
        records = await self._changed_records(session, rows)
        if records:
            await session.execute(
                SAVE_PUBLISHED,
                {
                    "employees": [record.employee_id for record in records],
                    "years": [record.year for record in records],
                    "revisions": [record.revision for record in records],
                    "records": [record.model_dump_json().encode() for record in records],
                },
            )
            await self._context.outbox.add(session, DISCIPLINE, records)
        return len(rows) == most

    async def _changed_records(self, session: AsyncSession, rows: Sequence[ChangedYear]) -> list[DisciplineRecord]:
        """The records of the rows, without those that equal the published ones."""
        keys = {"employees": [row.employee_id for row in rows], "years": [row.year for row in rows]}
        types = {row.employee_id: row.employment_type for row in await EMPLOYMENT_TYPES.all(session, keys)}
        absences = await _scheduled_days(session, keys)
        now = self._context.clock.now()
        records: list[DisciplineRecord] = []
        for row in rows:
            ladders = await self._policies.ladders(session, date(row.year, 12, 31))
            days = absences.get((row.employee_id, row.year), [])
            record = discipline_record(row, days, types.get(row.employee_id), ladders, now)
            if row.record is None or not same_content(record, DisciplineRecord.model_validate_json(row.record)):
                records.append(record)
        return records


async def _scheduled_days(
    session: AsyncSession, keys: Mapping[str, object]
) -> dict[tuple[UUID, int], list[tuple[date, bool]]]:
    """By officer and year: (date, unexcused absence?) for the scheduled final days of the year and before it."""
    found: dict[tuple[UUID, int], list[tuple[date, bool]]] = {}
    for row in await DAYS_OF_YEARS.all(session, keys):
        days = found[row.employee_id, row.year] = []
        for work_date, evidence in zip(row.dates, row.evidence, strict=True):
            day = decode_day(evidence)
            absent = absence_flag(day.state, day.status, day.scheduled_minutes, day.excuse)
            if absent is not None:
                days.append((work_date, absent))
    return found
