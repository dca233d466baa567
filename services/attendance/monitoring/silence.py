"""Counts machines that are silent in working hours, so that a fault is repaired the same day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days.hours import read_city_time, shift_of
from services.attendance.days.rules.working_time import CityTime
from services.attendance.hours.rules.schedule import HoursSources, Scheduled, scheduled_day
from services.attendance.monitoring.rules.silence import Contact, is_silent
from shared.contracts.events.canary import CANARY_UNIT_ID
from shared.db.queries import query
from shared.service.context import Context

__all__ = ["Silence"]


class MachineContact(NamedTuple):
    """A machine, when it last sent a request, and whether it sends requests without a punch."""

    org_unit_id: str
    heard_at: datetime
    polls: bool


class UnitShift(NamedTuple):
    """A shift of an officer of the unit."""

    org_unit_id: str
    work_date: date
    starts_at: datetime
    ends_at: datetime
    break_minutes: int


# A machine without a unit or out of service leaves no day open. A declared outage is known already.
MACHINES_IN_SERVICE = query(
    f"""
    select org_unit_id, coalesce(last_contact_at, registered_at) as heard_at,
           last_contact_at is null or push_version is not null as polls
    from machine m
    where org_unit_id is not null and org_unit_id <> '{CANARY_UNIT_ID}'
      and (in_service_to is null or in_service_to > cast(:now as timestamptz))
      and not exists (select from machine_outage_v1 o where o.serial = m.serial and :now between o.starts_at and o.ends_at)
    """,
    MachineContact,
)
SHIFTS_IN_UNITS = query(
    """
    select distinct u.org_unit_id, r.work_date, r.starts_at, r.ends_at, r.break_minutes
    from unit_time_v1 u
    join unnest(cast(:dates as date[])) as d (day) on d.day between u.first_date and u.last_date
    join roster_shift r on r.employee_id = u.employee_id and r.work_date = d.day
    where u.org_unit_id = any(cast(:units as varchar[])) and r.kind = 'shift'
    """,
    UnitShift,
)


class Silence:
    """Runs every minute: a handful of rows."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # A number without serials: `kinerja doctor` lists them, and the dashboard would keep a replaced machine's last state
        # for a month.
        self._silent = Gauge(
            "kinerja_machines_silent",
            "Registered machines without contact in their site's working hours",
            registry=context.metrics.registry,
        )

    async def round(self) -> bool:
        """Sets the metric."""
        now, zone = self._context.clock.now(), self._context.zone
        today = now.astimezone(zone).date()
        dates = (today - timedelta(days=1), today)  # a shift may have begun yesterday
        async with self._context.database.transaction() as session:
            city = await read_city_time(session, *dates)
            machines = await MACHINES_IN_SERVICE.all(session, {"now": now})
            days = await _working_hours(session, city, {machine.org_unit_id for machine in machines}, dates, zone)
        if not city.rules:
            return False  # new installation: no day is computed without rules
        silent_days = min(rules.silent_outage_days for rules in city.rules)
        self._silent.set(
            sum(is_silent(Contact(m.heard_at, m.polls), days[m.org_unit_id], now, silent_days) for m in machines)
        )
        return False


async def _working_hours(
    session: AsyncSession, city: CityTime, units: set[str], dates: Sequence[date], zone: ZoneInfo
) -> dict[str, list[Scheduled]]:
    """Each unit's schedule on the dates: its week or, if it works by roster only, its officers' shifts."""
    found: dict[str, list[Scheduled]] = defaultdict(list)
    by_roster = {(unit, day) for unit in units for day in dates if city.unit_works_by_roster_on(unit, day)}
    for unit in units:
        found[unit] += [city.unit_scheduled_on(unit, day, zone) for day in dates if (unit, day) not in by_roster]
    values = {"units": sorted({unit for unit, _ in by_roster}), "dates": list(dates)}
    for row in await SHIFTS_IN_UNITS.all(session, values) if by_roster else ():
        if (row.org_unit_id, row.work_date) in by_roster:
            shift = scheduled_day(
                row.work_date,
                zone,
                HoursSources(roster={row.work_date: shift_of(row.starts_at, row.ends_at, row.break_minutes)}),
            )
            found[row.org_unit_id].append(shift)
    return found
