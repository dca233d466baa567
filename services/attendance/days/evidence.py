"""Reads the punches of a batch of days in one query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days.hours import DayKey
from services.attendance.days.rules.windows import Window
from services.attendance.punches.rules.punch import Punch, direction_of
from shared.db.queries import query

__all__ = ["StoredPunch", "read_punches"]


class StoredPunch(NamedTuple):
    """A punch in the window of an officer's day, with the unit of its machine at that time."""

    employee_id: UUID
    work_date: date
    id: int
    serial: str
    at: datetime
    local_time: datetime
    status: int
    verify: int
    flags: list[str]
    counted: bool
    received_at: datetime
    source: str
    direction_from: str | None
    org_unit_id: str | None

    def for_unit(self, org_unit_id: str) -> Punch:
        """The punch as the rules see it, for an officer of this unit."""
        return Punch(
            self.at,
            self.serial,
            direction_of(self.status),
            self.direction_from == "status",
            self.counted,
            self.org_unit_id == org_unit_id,
        )


_PUNCHES_IN_WINDOWS = query(
    """
    select k.employee_id, k.work_date, p.id, p.serial, p.at, p.local_time, p.status, p.verify, p.flags, p.counted,
           p.received_at, p.source, coalesce(f.direction_from, m.direction_from) as direction_from,
           case when f.serial is not null then f.org_unit_id
                when p.at >= coalesce(m.in_unit_from, '-infinity') then m.org_unit_id end as org_unit_id
    from unnest(cast(:employees as uuid[]), cast(:dates as date[]), cast(:starts as timestamptz[]),
                cast(:ends as timestamptz[])) as k (employee_id, work_date, starts_at, ends_at)
    join punch p on p.employee_id = k.employee_id and p.at between k.starts_at and k.ends_at
    left join machine m on m.serial = p.serial
    left join past_placement f
        on f.serial = p.serial and p.at >= coalesce(f.in_unit_from, '-infinity') and p.at < f.in_unit_to
    order by p.at, p.id
    """,
    StoredPunch,
)


async def read_punches(
    session: AsyncSession, windows: Iterable[tuple[DayKey, Window]]
) -> dict[DayKey, list[StoredPunch]]:
    """The punches in each day's window, from every machine of the city, in time order."""
    found: dict[DayKey, list[StoredPunch]] = defaultdict(list)
    listed = list(windows)
    if not listed:
        return found
    values = {
        "employees": [key[0] for key, _ in listed],
        "dates": [key[1] for key, _ in listed],
        "starts": [window.start for _, window in listed],
        "ends": [window.end for _, window in listed],
    }
    for punch in await _PUNCHES_IN_WINDOWS.all(session, values):
        found[punch.employee_id, punch.work_date].append(punch)
    return found
