"""Reads and writes the officers and units of a roster file, all in few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.people.rules.history import Span, employment
from shared.db.queries import query

__all__ = [
    "OPTIONAL_FIELDS",
    "RosterOfficer",
    "read_stored_officers",
    "read_unit_names",
    "read_unit_sizes",
    "write_roster",
]

OPTIONAL_FIELDS = {"superior_nip": "superior_id", "email": "email", "active_to": "active_to"}
"""Optional column of the file → field. A file without the column leaves the field; a blank cell clears it."""


class RosterOfficer(NamedTuple):
    """What a roster says about an officer; unit and employment type as of today."""

    employee_id: UUID
    nip: str
    name: str
    employment_type: str
    org_unit_id: str
    superior_id: UUID | None
    email: str | None
    active_from: date
    active_to: date | None

    @property
    def employment(self) -> Span:
        """The dates of employment."""
        return employment(self.active_from, self.active_to)


class UnitName(NamedTuple):
    """A unit."""

    org_unit_id: str
    name: str


class UnitSize(NamedTuple):
    """How many officers are in a unit today."""

    org_unit_id: str
    officers: int


LOCKED_OFFICERS = query(
    """
    select employee_id, nip, name, employment_type, org_unit_id, superior_id, email, active_from, active_to
    from employee where nip = any(cast(:nips as text[])) order by employee_id for no key update
    """,
    RosterOfficer,
)
UNIT_NAMES = query("select org_unit_id, name from org_unit where org_unit_id = any(cast(:ids as text[]))", UnitName)
UNIT_SIZES = query(
    """
    select org_unit_id, count(*) as officers from employee
    where org_unit_id = any(cast(:ids as text[])) group by org_unit_id
    """,
    UnitSize,
)
CHANGED_UNITS = text(
    """
    insert into org_unit as u (org_unit_id, name)
    select * from unnest(cast(:ids as text[]), cast(:names as text[])) order by 1
    on conflict (org_unit_id) do update set name = excluded.name where u.name <> excluded.name
    returning org_unit_id
    """
)
OFFICERS_OF_CHANGED_UNITS = text(
    """
    update employee set revision = revision + 1, recorded_at = :now
    where org_unit_id = any(cast(:units as text[])) and not employee_id = any(cast(:written as uuid[]))
    returning employee_id
    """
)
PUT_OFFICERS = text(
    """
    insert into employee as e (employee_id, revision, nip, name, employment_type, org_unit_id, superior_id, email,
                               active_from, active_to, recorded_at)
    select employee_id, 1, nip, name, employment_type, org_unit_id, superior_id, email, active_from, active_to,
           cast(:now as timestamptz)
    from unnest(cast(:employee_id as uuid[]), cast(:nip as text[]), cast(:name as text[]),
                cast(:employment_type as text[]), cast(:org_unit_id as text[]), cast(:superior_id as uuid[]),
                cast(:email as text[]), cast(:active_from as date[]), cast(:active_to as date[]))
         as t (employee_id, nip, name, employment_type, org_unit_id, superior_id, email, active_from, active_to)
    order by employee_id
    on conflict (employee_id) do update set revision = e.revision + 1, name = excluded.name,
        employment_type = excluded.employment_type, org_unit_id = excluded.org_unit_id,
        superior_id = excluded.superior_id, email = excluded.email, active_from = excluded.active_from,
        active_to = excluded.active_to, recorded_at = excluded.recorded_at
    """
)


async def read_stored_officers(session: AsyncSession, nips: Iterable[str]) -> dict[str, RosterOfficer]:
    """The stored officers with these NIPs, locked until the end of the transaction."""
    return {officer.nip: officer for officer in await LOCKED_OFFICERS.all(session, {"nips": sorted(nips)})}


async def read_unit_names(session: AsyncSession, units: Iterable[str]) -> dict[str, str]:
    """Unit → stored name."""
    return dict(await UNIT_NAMES.all(session, {"ids": sorted(units)}))


async def read_unit_sizes(session: AsyncSession, units: Collection[str]) -> dict[str, int]:
    """Unit → number of its present officers; units without one are missing."""
    return dict(await UNIT_SIZES.all(session, {"ids": list(units)}))


async def write_roster(
    session: AsyncSession, units: Mapping[str, str], officers: Sequence[RosterOfficer], now: datetime
) -> list[UUID]:
    """Writes units (id → name) and officers; returns the officers that changed only because their unit has a new name."""
    changed = await session.scalars(CHANGED_UNITS, {"ids": list(units), "names": list(units.values())})
    changed_units = list(changed)
    if officers:
        columns = dict(zip(RosterOfficer._fields, map(list, zip(*officers, strict=True)), strict=True))
        await session.execute(PUT_OFFICERS, columns | {"now": now})
    if not changed_units:
        return []
    values = {"units": changed_units, "written": [officer.employee_id for officer in officers], "now": now}
    return list(await session.scalars(OFFICERS_OF_CHANGED_UNITS, values))
