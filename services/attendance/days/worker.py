"""The day worker: takes days from the queue, computes them, stores and publishes changed results."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.context import AttendanceContext
from services.attendance.day_queue.span import evidence_floor
from services.attendance.days.evidence import StoredPunch, read_punches
from services.attendance.days.hours import DayKey, read_officer_times
from services.attendance.days.rules.day_inputs import DayInputs, DayResult
from services.attendance.days.rules.day_status import day_status
from services.attendance.days.rules.windows import Window, shift_window
from services.attendance.days.rules.working_time import OfficerTime
from services.attendance.days.site import Site, read_sites
from services.attendance.hours.rules.schedule import Scheduled, ScheduledShift
from services.attendance.regulation.rules.rule_set import AttendanceRules
from shared.contracts.events.attendance_day import AttendanceDayRecord, Deduction, RuleRef
from shared.contracts.topics import ATTENDANCE_DAY
from shared.db.set_aside import Batches

__all__ = ["DayWorker", "JudgedDay", "explain_day"]

URGENT_DAYS_MAX = 2_000
BULK_DAYS_MAX = 200
"""Smaller than for urgent days: a punch that arrives now waits until this batch ends."""
DAYS_AT_A_TIME = 100
"""After this many days the event loop runs other tasks: the same process serves machines."""

_TAKE = text(
    """
    delete from day_queue where id in (
        select id from day_queue
        where bulk = :bulk and (employee_id, work_date) not in
            (select * from unnest(cast(:not_employees as uuid[]), cast(:not_dates as date[])))
        order by id limit :most for update skip locked
    ) returning employee_id, work_date
    """
)
# Two workers may hold queue entries of the same day. The worker that reads the facts first must also write first, or its
# older result would replace the newer one. So officers are locked before any read, in a fixed order against deadlocks.
# "no key" lets concurrent transactions insert rows that refer to the officer.
_OFFICER_COLUMNS = "select employee_id, active_from, active_to from employee"
_OFFICER = text(f"{_OFFICER_COLUMNS} where employee_id = :employee_id")
_OFFICERS = text(
    f"""
    {_OFFICER_COLUMNS} where employee_id = any(cast(:employees as uuid[])) order by employee_id for no key update
    """
)
_PUBLISHED = text(
    """
    select employee_id, work_date, revision, record, recorded_at from attendance_day
    where (employee_id, work_date) in (select * from unnest(cast(:employees as uuid[]), cast(:dates as date[])))
    """
)
_KEEP = text(
    """
    insert into attendance_day (employee_id, work_date, revision, state, status, org_unit_id, opens_at, closes_at,
                                record, recorded_at)
    select *, cast(:now as timestamptz)
    from unnest(cast(:employees as uuid[]), cast(:dates as date[]), cast(:revisions as int[]), cast(:states as text[]),
                cast(:statuses as text[]), cast(:units as text[]), cast(:opens as timestamptz[]),
                cast(:closes as timestamptz[]), cast(:records as text[]))
    on conflict (employee_id, work_date) do update set revision = excluded.revision, state = excluded.state,
        status = excluded.status, org_unit_id = excluded.org_unit_id, opens_at = excluded.opens_at,
        closes_at = excluded.closes_at, record = excluded.record, recorded_at = excluded.recorded_at
    """
)


@dataclass(frozen=True, slots=True)
class JudgedDay:
    """A day's result, the rules that were applied, and the punches in its window (empty on a day off)."""

    key: DayKey
    org_unit_id: str
    result: DayResult
    rules: AttendanceRules
    window: Window | None
    punches: Sequence[StoredPunch]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A day with known hours, before its punches and machines are read."""

    key: DayKey
    officer: OfficerTime
    org_unit_id: str
    rules: AttendanceRules
    scheduled: Scheduled
    window: Window | None


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
            taken = (await session.execute(_TAKE, limits)).all()
            batches.took((row.employee_id, row.work_date) for row in taken)
            keys = sorted({(row.employee_id, row.work_date) for row in taken})
            now = self._context.clock.now()
            today = now.astimezone(self._context.zone).date()
            keys = [key for key in keys if key[1] <= today]
            if keys:
                officers = await _officers(session, keys)
                published = await _published(session, keys)
                judged = await judge_days(session, keys, officers, self._context.zone, now)
                await self._publish(session, judged, published, now)
        return len(taken) == limits["most"]

    async def _publish(
        self, session: AsyncSession, judged: Iterable[JudgedDay], published: dict[DayKey, Any], now: datetime
    ) -> None:
        changed: list[tuple[JudgedDay, AttendanceDayRecord]] = []
        for day in judged:
            before = published.get(day.key)
            if (
                before is not None
                and _record(day, before.revision, before.recorded_at).model_dump_json() == before.record
            ):
                continue
            changed.append((day, _record(day, 1 if before is None else before.revision + 1, now)))
        if not changed:
            return
        await session.execute(
            _KEEP,
            {
                "employees": [day.key[0] for day, _ in changed],
                "dates": [day.key[1] for day, _ in changed],
                "revisions": [record.revision for _, record in changed],
                "states": [record.state for _, record in changed],
                "statuses": [record.status for _, record in changed],
                "units": [day.org_unit_id for day, _ in changed],
                "opens": [None if day.window is None else day.window.start for day, _ in changed],
                "closes": [None if day.window is None else day.window.end for day, _ in changed],
                "records": [record.model_dump_json() for _, record in changed],
                "now": now,
            },
        )
        await self._context.outbox.add(session, ATTENDANCE_DAY, [record for _, record in changed])


async def _officers(session: AsyncSession, keys: Sequence[DayKey]) -> dict[UUID, Any]:
    rows = await session.execute(_OFFICERS, {"employees": sorted({employee_id for employee_id, _ in keys})})
    return {row.employee_id: row for row in rows}


async def _published(session: AsyncSession, keys: Sequence[DayKey]) -> dict[DayKey, Any]:
    values = {"employees": [employee_id for employee_id, _ in keys], "dates": [work_date for _, work_date in keys]}
    return {(row.employee_id, row.work_date): row for row in await session.execute(_PUBLISHED, values)}


async def judge_days(
    session: AsyncSession,
    keys: Sequence[DayKey],
    officers: dict[UUID, Any],
    zone: ZoneInfo,
    now: datetime,
) -> list[JudgedDay]:
    """Reads the facts of these days and computes them. Days before the first rules in force have no result."""
    times = await read_officer_times(session, keys, officers)
    plans = [plan for key in keys if key[0] in times and (plan := _plan(key, times[key[0]], zone)) is not None]
    windows = [(plan.key, plan.window) for plan in plans if plan.window is not None]
    if not plans:
        return []
    punches = await read_punches(session, windows)
    sites: dict[str, Site] = {}
    if windows:
        span = Window(min(w.start for _, w in windows), max(w.end for _, w in windows))
        silent_days = min(rules.silent_outage_days for rules in plans[0].officer.city.rules)
        units = {plan.org_unit_id for plan in plans}
        sites = await read_sites(session, units, span, evidence_floor(now, zone), now, silent_days)
    judged = []
    for position, plan in enumerate(plans):
        if position % DAYS_AT_A_TIME == DAYS_AT_A_TIME - 1:
            await asyncio.sleep(0)
        judged.append(_judge(plan, punches.get(plan.key, []), sites.get(plan.org_unit_id), zone, now))
    return judged


def _plan(key: DayKey, officer: OfficerTime, zone: ZoneInfo) -> _Plan | None:
    _, work_date = key
    rules = officer.rules_on(work_date)
    if rules is None:
        return None
    scheduled = officer.scheduled_on(work_date, zone)
    # Without hours, or with hours that a decree may still cancel, punches and machines do not affect the result.
    window = shift_window(scheduled, rules) if isinstance(scheduled, ScheduledShift) else None
    return _Plan(key, officer, officer.unit_on(work_date), rules, scheduled, window)


def _judge(plan: _Plan, punches: Sequence[StoredPunch], site: Site | None, zone: ZoneInfo, now: datetime) -> JudgedDay:
    site, work_date = site or Site(), plan.key[1]
    inputs = DayInputs(
        work_date=work_date,
        zone=zone,
        scheduled=plan.scheduled,
        rules=plan.rules,
        as_of=now,
        neighbours=plan.officer.neighbours_of(work_date, zone) if plan.window else (),
        punches=tuple(punch.for_unit(plan.org_unit_id) for punch in punches),
        excuses=tuple(plan.officer.excuses.get(work_date, ())),
        machines=tuple(site.machines),
        outages=site.outages_in(plan.window) if plan.window else (),
        activity=site.activity_in(plan.window) if plan.window else (),
        active_from=plan.officer.active_from,
        active_to=plan.officer.active_to,
    )
    return JudgedDay(plan.key, plan.org_unit_id, day_status(inputs), plan.rules, plan.window, punches)


def _record(day: JudgedDay, revision: int, recorded_at: datetime) -> AttendanceDayRecord:
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
        deductions=tuple(Deduction(code=each.code, percent=each.percent) for each in result.deductions),
        rule=RuleRef(id=day.rules.id, version=day.rules.version),
        reasons=result.reasons,
        org_unit_id=day.org_unit_id,
    )


async def explain_day(
    session: AsyncSession, employee_id: UUID, work_date: date, zone: ZoneInfo, now: datetime
) -> JudgedDay | None:
    """Computes one day from the present facts; None for an unknown officer or before the first rules."""
    keys = [(employee_id, work_date)]
    rows = await session.execute(_OFFICER, {"employee_id": employee_id})
    officers = {row.employee_id: row for row in rows}
    judged = await judge_days(session, keys, officers, zone, now)
    return judged[0] if judged else None
