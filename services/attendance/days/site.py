"""Reads the facts of units' machines: their watermarks, their outages, and when they demonstrably worked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days.rules.completeness import silent_since
from services.attendance.days.rules.windows import Window
from services.attendance.machines.rules.site import MachineActivity, Outage, SiteMachine
from shared.db.queries import query

__all__ = ["Site", "read_sites"]


class _MachineRow(NamedTuple):
    serial: str
    org_unit_id: str
    complete_until: datetime | None
    clock_wrong_since: datetime | None
    in_unit_to: datetime | None
    awaited_since: datetime | None
    in_service_from: datetime


class _OutageRow(NamedTuple):
    serial: str | None
    org_unit_id: str
    starts_at: datetime
    ends_at: datetime


class _ActivityRow(NamedTuple):
    org_unit_id: str
    serial: str
    first: datetime
    last: datetime


_MACHINES = query(
    """
    select serial, org_unit_id, complete_until, clock_wrong_since, in_unit_to, awaited_since, in_service_from
    from machine_service_v1(:floor) where org_unit_id = any(cast(:units as varchar[]))
    """,
    _MachineRow,
)
# A machine's outage counts for a unit only while the machine was there.
_OUTAGES = query(
    """
    select o.serial, coalesce(m.org_unit_id, o.org_unit_id) as org_unit_id,
           greatest(o.starts_at, m.in_unit_from) as starts_at, least(o.ends_at, m.in_unit_to) as ends_at
    from outage o left join machine_placement_v1 m using (serial)
    where coalesce(m.org_unit_id, o.org_unit_id) = any(cast(:units as varchar[]))
      and greatest(o.starts_at, m.in_unit_from) <= :last
      and least(o.ends_at, m.in_unit_to) >= greatest(o.starts_at, m.in_unit_from, :first)
    """,
    _OutageRow,
)
# By hour: a punch at eight does not prove that the machine worked at noon.
_ACTIVITY = query(
    """
    select m.org_unit_id, p.serial, min(p.at) as first, max(p.at) as last
    from machine_placement_v1 m join punch p using (serial)
    where m.org_unit_id = any(cast(:units as varchar[])) and p.counted and p.at between :first and :last
      and p.at between coalesce(m.in_unit_from, '-infinity') and coalesce(m.in_unit_to, 'infinity')
    group by m.org_unit_id, p.serial, date_trunc('hour', p.at)
    """,
    _ActivityRow,
)


@dataclass
class Site:
    """One unit's machines, their outages and their activity."""

    machines: list[SiteMachine] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    activity: list[MachineActivity] = field(default_factory=list)

    def outages_in(self, window: Window) -> tuple[Outage, ...]:
        """The declared outages that overlap the window."""
        return tuple(o for o in self.outages if o.start <= window.end and (o.end is None or o.end >= window.start))

    def activity_in(self, window: Window) -> tuple[MachineActivity, ...]:
        """When the machines worked inside the window."""
        return tuple(a for a in self.activity if a.start <= window.end and a.end >= window.start)


async def read_sites(
    session: AsyncSession, units: Iterable[str], span: Window, floor: datetime, as_of: datetime, silent_days: int
) -> dict[str, Site]:
    """The sites of these units in a time span. Activity is read only for sites with outages or silent machines."""
    sites: dict[str, Site] = defaultdict(Site)
    wanted = sorted(set(units))
    for row in await _MACHINES.all(session, {"units": wanted, "floor": floor}):
        machine = SiteMachine(
            row.serial,
            row.complete_until,
            clock_ok=row.clock_wrong_since is None,
            in_service_from=row.in_service_from,
            in_service_to=row.in_unit_to,
            awaited_since=row.awaited_since,
        )
        sites[row.org_unit_id].machines.append(machine)
    borders: dict[str, object] = {"first": span.start, "last": span.end}
    for outage in await _OUTAGES.all(session, {"units": wanted} | borders):
        sites[outage.org_unit_id].outages.append(Outage(outage.starts_at, outage.ends_at, outage.serial))
    troubled = [unit for unit, site in sites.items() if _troubled(site, span, as_of, silent_days)]
    if troubled:
        for worked in await _ACTIVITY.all(session, {"units": troubled} | borders):
            sites[worked.org_unit_id].activity.append(MachineActivity(worked.serial, worked.first, worked.last))
    return sites


def _troubled(site: Site, span: Window, as_of: datetime, silent_days: int) -> bool:
    serving = (m for m in site.machines if m.in_service_to is None or m.in_service_to > span.start)
    return bool(site.outages) or any(silent_since(m, as_of, silent_days) is not None for m in serving)
