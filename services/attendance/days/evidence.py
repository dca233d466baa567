"""Reads the punches of a batch of days in one query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days.hours import DayKey
from services.attendance.days.rules.windows import Window
from services.attendance.punches.rules.punch import Direction, Punch

__all__ = ["StoredPunch", "read_punches"]

_DIRECTIONS = {0: Direction.IN, 1: Direction.OUT, 4: Direction.IN, 5: Direction.OUT}  # 4 and 5: overtime
_PUNCHES = text(
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
    """
)


@dataclass(frozen=True, slots=True)
class StoredPunch:
    """An officer's punch with its machine's unit, and its row for the explanation of the day."""

    at: datetime
    serial: str
    direction: Direction
    trusted: bool
    counted: bool
    org_unit_id: str | None
    row: Mapping[str, Any]

    def for_unit(self, org_unit_id: str) -> Punch:
        """Converts to the rules' Punch, for an officer of this unit."""
        own = self.org_unit_id == org_unit_id
        return Punch(self.at, self.serial, self.direction, self.trusted, self.counted, own)


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
    for row in (await session.execute(_PUNCHES, values)).mappings():
        punch = StoredPunch(
            at=row["at"],
            serial=row["serial"],
            direction=_DIRECTIONS.get(row["status"], Direction.UNKNOWN),
            trusted=row["direction_from"] == "status",
            counted=row["counted"],
            org_unit_id=row["org_unit_id"],
            row=dict(row),
        )
        found[row["employee_id"], row["work_date"]].append(punch)
    return found
