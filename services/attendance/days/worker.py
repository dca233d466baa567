"""The day worker: takes days from the queue, computes them, stores and publishes changed results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.context import AttendanceContext
from services.attendance.days.computation import OFFICER_COLUMNS, ComputedDay, Officer, compute_days
from services.attendance.days.hours import DayKey
from shared.contracts.events.attendance_day import AttendanceDayRecord, RuleRef
from shared.contracts.topics import ATTENDANCE_DAY
from shared.db.queries import query
from shared.db.set_aside import Batches
from shared.observability.tracing import step

__all__ = ["DayWorker"]

URGENT_DAYS_MAX = 2_000
BULK_DAYS_MAX = 200
"""Smaller than for urgent days: a punch that arrives now waits until this batch ends."""


class _Key(NamedTuple):
    employee_id: UUID
    work_date: date


class _PublishedDay(NamedTuple):
    employee_id: UUID
    work_date: date
    revision: int
    record: str
    recorded_at: datetime


_TAKEN_DAYS = query(
    """
    delete from day_queue where id in (
        select id from day_queue
        where bulk = :bulk and (employee_id, work_date) not in
            (select * from unnest(cast(:not_employees as uuid[]), cast(:not_dates as date[])))
        order by id limit :most for update skip locked
    ) returning employee_id, work_date
    """,
    _Key,
)
# Two workers may hold queue entries of the same day. The worker that reads the facts first must also write first, or its
# older result would replace the newer one. So officers are locked before any read, in a fixed order against deadlocks.
# "no key" lets concurrent transactions insert rows that refer to the officer.
_LOCKED_OFFICERS = query(
    f"{OFFICER_COLUMNS} where employee_id = any(cast(:employees as uuid[])) order by employee_id for no key update",
    Officer,
)
_PUBLISHED_DAYS = query(
    """
    select employee_id, work_date, revision, record, recorded_at from attendance_day
    where (employee_id, work_date) in (select * from unnest(cast(:employees as uuid[]), cast(:dates as date[])))
    """,
    _PublishedDay,
)
_UPSERT_DAYS = text(
    """
    insert into attendance_day (employee_id, work_date, revision, state, status, org_unit_id, opens_at, closes_at,
                                lacked_machine, record, recorded_at)
    select *, cast(:now as timestamptz)
    from unnest(cast(:employees as uuid[]), cast(:dates as date[]), cast(:revisions as int[]), cast(:states as text[]),
                cast(:statuses as text[]), cast(:units as text[]), cast(:opens as timestamptz[]),
                cast(:closes as timestamptz[]), cast(:lacked_machine as boolean[]), cast(:records as text[]))
    on conflict (employee_id, work_date) do update set revision = excluded.revision, state = excluded.state,
        status = excluded.status, org_unit_id = excluded.org_unit_id, opens_at = excluded.opens_at,
        closes_at = excluded.closes_at, lacked_machine = excluded.lacked_machine, record = excluded.record,
        recorded_at = excluded.recorded_at
    """
)


class DayWorker:
    """Computes queued days, one batch per transaction. Several processes may each run a worker.

    A day whose computation fails stays queued and is set aside.
    """

    def __init__(self, context: AttendanceContext) -> None:
        self._context = context
        self._urgent: Batches[DayKey] = Batches("urgent days", URGENT_DAYS_MAX, context.metrics)
        self._bulk: Batches[DayKey] = Batches("bulk days", BULK_DAYS_MAX, context.metrics)

    async def round(self) -> bool:
        """Processes a batch of urgent days; if there are few, also a batch of bulk days. True when there may be more."""
        if await self._urgent.run(lambda: self._batch(self._urgent, bulk=False)):
            return True
        return await self._bulk.run(lambda: self._batch(self._bulk, bulk=True))

    async def _batch(self, batches: Batches[DayKey], *, bulk: bool) -> bool:
        without = batches.without
        limits = {
            "bulk": bulk,
            "most": batches.most,
            "not_employees": [employee_id for employee_id, _ in without],
            "not_dates": [work_date for _, work_date in without],
        }
        async with self._context.database.transaction() as session:
            taken = await _TAKEN_DAYS.all(session, limits)
            batches.took((key.employee_id, key.work_date) for key in taken)
            now = self._context.clock.now()
            today = self._context.date_of(now)
            keys = sorted({key for key in taken if key.work_date <= today})
            if keys:
                with step("compute days", {"kinerja.days": len(keys)}):
                    employees = sorted({key.employee_id for key in keys})
                    officers = {
                        row.employee_id: row for row in await _LOCKED_OFFICERS.all(session, {"employees": employees})
                    }
                    published = await _published(session, keys)
                    computed = await compute_days(session, keys, officers, self._context.zone, now)
                    changed = _changed_records(computed, published, now)
                    if changed:
                        await _store(session, changed, now)
                        await self._context.outbox.add(session, ATTENDANCE_DAY, [record for _, record in changed])
        return len(taken) == limits["most"]


async def _published(session: AsyncSession, keys: Sequence[_Key]) -> dict[DayKey, _PublishedDay]:
    values = {"employees": [key.employee_id for key in keys], "dates": [key.work_date for key in keys]}
    return {(row.employee_id, row.work_date): row for row in await _PUBLISHED_DAYS.all(session, values)}


def _changed_records(
    computed: Sequence[ComputedDay], published: Mapping[DayKey, _PublishedDay], now: datetime
) -> list[tuple[ComputedDay, AttendanceDayRecord]]:
    """The days whose record differs from the published one, each with its new record."""
    changed = []
    for day in computed:
        before = published.get(day.key)
        if before is None:
            changed.append((day, _record(day, 1, now)))
        elif _record(day, before.revision, before.recorded_at).model_dump_json() != before.record:
            changed.append((day, _record(day, before.revision + 1, now)))
    return changed


async def _store(
    session: AsyncSession, changed: Sequence[tuple[ComputedDay, AttendanceDayRecord]], now: datetime
) -> None:
    await session.execute(
        _UPSERT_DAYS,
        {
            "employees": [record.employee_id for _, record in changed],
            "dates": [record.work_date for _, record in changed],
            "revisions": [record.revision for _, record in changed],
            "states": [record.state for _, record in changed],
            "statuses": [record.status for _, record in changed],
            "units": [record.org_unit_id for _, record in changed],
            "opens": [None if day.window is None else day.window.start for day, _ in changed],
            "closes": [None if day.window is None else day.window.end for day, _ in changed],
            "lacked_machine": [day.result.lacked_machine for day, _ in changed],
            "records": [record.model_dump_json() for _, record in changed],
            "now": now,
        },
    )


def _record(day: ComputedDay, revision: int, recorded_at: datetime) -> AttendanceDayRecord:
    result = day.result
    return AttendanceDayRecord(
        revision=revision,
        recorded_at=recorded_at,
        employee_id=day.key[0],
        work_date=day.key[1],
        state=result.state,
        status=result.status,
        excuse=result.excuse,
        scheduled_minutes=result.scheduled_minutes,
        credited_minutes=result.credited_minutes,
        late_minutes=result.late_minutes,
        early_leave_minutes=result.early_leave_minutes,
        missing_punches=result.missing_punches,
        first_in=result.first_in,
        last_out=result.last_out,
        deductions=result.deductions,
        rule=RuleRef(id=day.rules.id, version=day.rules.version),
        reasons=result.reasons,
        org_unit_id=day.org_unit_id,
    )
