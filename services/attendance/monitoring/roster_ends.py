"""Counts officers whose roster ends soon: an officer who works by roster only is off without an entry, unnoticed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple, get_args
from uuid import UUID

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days.hours import read_officer_times, read_rules
from services.attendance.monitoring.rules.roster_ends import RosteredOfficer, RosterEnd, roster_ends
from services.attendance.people.rules.history import employment
from services.attendance.regulation.rules.rule_set import rules_for
from shared.contracts.events.employee import EmploymentType
from shared.db.queries import query
from shared.service.context import Context

__all__ = ["RosterEnds", "read_roster_ends"]


class Candidate(NamedTuple):
    """An officer who may work by roster, with the dates of employment and of the last entry."""

    employee_id: UUID
    active_from: date
    active_to: date | None
    last_entry: date | None


# All officers that a setting may concern, by any of their units; the rules then count those of the date.
CANDIDATES = query(
    """
    select e.employee_id, e.active_from, e.active_to,
           (select max(r.work_date) from roster_shift r where r.employee_id = e.employee_id) as last_entry
    from employee e
    where e.employee_id in (
          select employee_id from roster_setting where by_roster and employee_id is not null
          union
          select u.employee_id from roster_setting s join employee_unit u using (org_unit_id) where s.by_roster)
    order by e.employee_id
    """,
    Candidate,
)


class RosterEnds:
    """Runs every ten minutes: one row and one index lookup per officer who works by roster."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # A number without units: `kinerja doctor` lists them. Metrics never contain officers.
        self._without = Gauge(
            "kinerja_roster_officers_without_entries",
            "Officers who work by roster only and have no roster entry from the rules' alert days ahead on",
            registry=context.metrics.registry,
        )

    async def round(self) -> bool:
        """Sets the metric."""
        today = self._context.today
        async with self._context.database.transaction() as session:
            ends = await read_roster_ends(session, today)
        self._without.set(sum(end.without_entry for end in ends))
        return False


async def read_roster_ends(session: AsyncSession, today: date) -> list[RosterEnd]:
    """The units whose roster ends within the rules' `roster_alert_days` for at least one of their officers."""
    versions = await read_rules(session)
    rules = [rules_for(today, each, versions) for each in get_args(EmploymentType)]
    days = max((each.roster_alert_days for each in rules if each is not None), default=None)
    if days is None:
        return []  # no day is computed without rules
    day = today + timedelta(days=days)
    candidates = {
        officer.employee_id: officer
        for officer in await CANDIDATES.all(session)
        if day in employment(officer.active_from, officer.active_to)
    }
    times = await read_officer_times(session, [(employee_id, day) for employee_id in candidates], candidates)
    return roster_ends(
        [
            RosteredOfficer(time.unit_on(day), candidates[employee_id].last_entry, time.is_excused_on(day))
            for employee_id, time in times.items()
            if time.works_by_roster_on(day)
        ],
        day,
    )
