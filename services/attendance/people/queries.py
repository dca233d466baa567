"""Reads officers and units for lists, searches and files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.events.canary import CANARY_EMPLOYEE_ID, CANARY_UNIT_ID
from shared.db.queries import query

__all__ = [
    "FOUND_OFFICERS",
    "OFFICER",
    "OFFICERS",
    "OFFICER_STATES",
    "OFFICER_WITH_NIP",
    "UNITS",
    "OfficerState",
    "UnitRow",
    "read_officer_ids",
    "read_officers_by_nip",
]


class OfficerState(NamedTuple):
    """An officer with the present unit and employment type: the columns of officer_v1."""

    employee_id: UUID
    revision: int
    nip: str
    name: str
    employment_type: str
    org_unit_id: str
    org_unit_name: str
    superior_id: UUID | None
    email: str | None
    active_from: date
    active_to: date | None
    recorded_at: datetime


class UnitRow(NamedTuple):
    """A unit, with the numbers of its present officers and machines."""

    org_unit_id: str
    name: str
    officers: int
    machines: int


class OfficerNip(NamedTuple):
    """The NIP of an officer."""

    nip: str
    employee_id: UUID


class OfficerId(NamedTuple):
    """The id of an officer who is in the roster."""

    employee_id: UUID


_OFFICERS = "select * from officer_v1"
_NO_CANARY = f"employee_id <> '{CANARY_EMPLOYEE_ID}'"
_OFFICER_REACHED = "reaches_unit_v1(:units, org_unit_id)"
_IN_UNIT = "(cast(:unit as text) is null or org_unit_id = :unit)"

OFFICER = query(_OFFICERS + " where employee_id = :employee_id", OfficerState)
OFFICER_STATES = query(
    _OFFICERS + " where employee_id = any(cast(:employees as uuid[])) order by employee_id", OfficerState
)
OFFICER_WITH_NIP = query(_OFFICERS + f" where nip = :nip and {_NO_CANARY}", OfficerState)
OFFICERS = query(
    _OFFICERS
    + f" where employee_id > :after and {_NO_CANARY} and {_IN_UNIT} and {_OFFICER_REACHED}"
    + " order by employee_id limit :most",
    OfficerState,
)
# No index on names: a pattern without a fixed start reads the whole table, some thousand rows for a city.
FOUND_OFFICERS = query(
    _OFFICERS
    + f"""
    where {_NO_CANARY} and {_OFFICER_REACHED} and {_IN_UNIT}
      and (cast(:ids as uuid[]) is null or employee_id = any(cast(:ids as uuid[])))
      and (cast(:name as text) is null or name ilike :name escape '\\')
      and (cast(:nip as text) is null or nip like :nip escape '\\')
      and (name, employee_id) > (cast(:after_name as text), cast(:after_id as uuid))
    order by name, employee_id limit :most
    """,
    OfficerState,
)
UNITS = query(
    f"""
    select u.org_unit_id, u.name, count(e.employee_id) as officers,
           (select count(*) from machine m where m.org_unit_id = u.org_unit_id
            and (m.in_service_to is null or m.in_service_to > cast(:now as timestamptz))) as machines
    from org_unit u left join employee e on e.org_unit_id = u.org_unit_id and e.active_to is null
    where u.org_unit_id > :after and u.org_unit_id <> '{CANARY_UNIT_ID}'
      and reaches_unit_v1(:units, u.org_unit_id)
    group by u.org_unit_id order by u.org_unit_id limit :most
    """,
    UnitRow,
)
_OFFICERS_WITH_NIPS = query("select nip, employee_id from employee where nip = any(cast(:nips as text[]))", OfficerNip)
_OFFICERS_WITH_IDS = query(
    "select employee_id from employee where employee_id = any(cast(:employees as uuid[]))", OfficerId
)


async def read_officers_by_nip(session: AsyncSession, nips: Iterable[str]) -> dict[str, UUID]:
    """NIP → employee_id, for those of these NIPs that the roster has."""
    return dict(await _OFFICERS_WITH_NIPS.all(session, {"nips": sorted(nips)}))


async def read_officer_ids(session: AsyncSession, employees: Iterable[UUID]) -> set[UUID]:
    """Those of these ids that the roster has."""
    return {row.employee_id for row in await _OFFICERS_WITH_IDS.all(session, {"employees": sorted(employees)})}
