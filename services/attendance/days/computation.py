"""Computes days from the stored facts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

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
from shared.db.queries import query

__all__ = ["OFFICER_COLUMNS", "ComputedDay", "Officer", "compute_days", "explain_day"]

DAYS_AT_A_TIME = 100
"""After this many days the event loop runs other tasks: the same process serves machines."""


class Officer(NamedTuple):
    """An officer and the dates of employment, both included; None is open."""

    employee_id: UUID
    active_from: date
    active_to: date | None


OFFICER_COLUMNS = "select employee_id, active_from, active_to from employee"
_OFFICER = query(f"{OFFICER_COLUMNS} where employee_id = :employee_id", Officer)


@dataclass(frozen=True, slots=True)
class ComputedDay:
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


async def compute_days(
    session: AsyncSession,
    keys: Sequence[DayKey],
    officers: Mapping[UUID, Officer],
    zone: ZoneInfo,
    now: datetime,
) -> list[ComputedDay]:
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
    computed = []
    for position, plan in enumerate(plans):
        if position % DAYS_AT_A_TIME == DAYS_AT_A_TIME - 1:
            await asyncio.sleep(0)
        computed.append(_compute(plan, punches.get(plan.key, []), sites.get(plan.org_unit_id), zone, now))
    return computed


def _plan(key: DayKey, officer: OfficerTime, zone: ZoneInfo) -> _Plan | None:
    _, work_date = key
    rules = officer.rules_on(work_date)
    if rules is None:
        return None
    scheduled = officer.scheduled_on(work_date, zone)
    # Without hours, or with hours that a decree may still cancel, punches and machines do not affect the result.
    window = shift_window(scheduled, rules) if isinstance(scheduled, ScheduledShift) else None
    return _Plan(key, officer, officer.unit_on(work_date), rules, scheduled, window)


def _compute(
    plan: _Plan, punches: Sequence[StoredPunch], site: Site | None, zone: ZoneInfo, now: datetime
) -> ComputedDay:
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
    return ComputedDay(plan.key, plan.org_unit_id, day_status(inputs), plan.rules, plan.window, punches)


async def explain_day(session: AsyncSession, key: DayKey, zone: ZoneInfo, now: datetime) -> ComputedDay | None:
    """Computes one day from the present facts; None for an unknown officer or before the first rules."""
    officer = await _OFFICER.first(session, {"employee_id": key[0]})
    if officer is None:
        return None
    computed = await compute_days(session, [key], {officer.employee_id: officer}, zone, now)
    return computed[0] if computed else None
