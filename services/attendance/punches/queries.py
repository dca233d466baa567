"""The lists of stored punches and of unusable lines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.machines.rules.proof import Refusal
from shared.contracts.events.canary import CANARY_UNIT_ID
from shared.db.queries import query

__all__ = ["REFUSALS", "PunchFilter", "PunchListRow", "UnusableLine", "read_punches", "read_unusable_lines"]

REFUSALS = ", ".join(f"'{refusal.value}'" for refusal in Refusal)
"""SQL: the reasons of lines in the quarantine that wait for an operator's decision on their contact."""


@dataclass(frozen=True, slots=True)
class PunchFilter:
    """Which punches are listed; None: all. `not_counted`: only those whose time is not trusted."""

    serial: str | None = None
    employee_id: UUID | None = None
    not_counted: bool = False
    received_from: datetime | None = None
    received_to: datetime | None = None


class PunchListRow(NamedTuple):
    """A punch, with its machine's present source of directions."""

    id: int
    serial: str
    pin: str
    employee_id: UUID | None
    local_time: datetime
    at: datetime
    status: int
    verify: int
    flags: list[str]
    counted: bool
    received_at: datetime
    direction_from: str | None


class UnusableLine(NamedTuple):
    """A line in the quarantine that waits for an operator."""

    id: int
    serial: str
    address: str
    kind: str
    line: str
    reason: str
    received_at: datetime


_PUNCHES = query(
    f"""
    select p.id, p.serial, p.pin, p.employee_id, p.local_time, p.at, p.status, p.verify, p.flags,
           p.counted, p.received_at, m.direction_from
    from punch p left join machine m using (serial)
    where p.id > :after and m.org_unit_id is distinct from '{CANARY_UNIT_ID}'
      and (cast(:serial as varchar) is null or p.serial = :serial)
      and (cast(:employee_id as uuid) is null or p.employee_id = :employee_id)
      and (not cast(:not_counted as boolean) or not p.counted)
      and p.received_at between coalesce(cast(:received_from as timestamptz), '-infinity')
          and coalesce(cast(:received_to as timestamptz), 'infinity')
    order by p.id limit :most
    """,
    PunchListRow,
)
_UNUSABLE_LINES = query(
    f"""
    select id, serial, address, kind, line, reason, received_at from quarantine q
    where resolved_at is null and id > :after
      and not exists (select from machine m where m.serial = q.serial and m.org_unit_id = '{CANARY_UNIT_ID}')
      and (cast(:serial as varchar) is null or serial = :serial)
    order by id limit :most
    """,
    UnusableLine,
)


async def read_punches(session: AsyncSession, chosen: PunchFilter, *, after: int, most: int) -> list[PunchListRow]:
    """Punches in the order of arrival, after the one with this id; not the canary's."""
    return await _PUNCHES.all(session, {**asdict(chosen), "after": after, "most": most})


async def read_unusable_lines(
    session: AsyncSession, serial: str | None, *, after: int, most: int
) -> list[UnusableLine]:
    """Unusable lines in the order of arrival, after the one with this id; not the canary's."""
    return await _UNUSABLE_LINES.all(session, {"serial": serial, "after": after, "most": most})
