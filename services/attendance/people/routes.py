"""Officers and units. A NIP is never part of a URL, only of a body."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.dependencies import BULK_SECONDS, ContextDep, Input, UnitId, read_rows
from services.attendance.people.assignments import EMPLOYMENT_TYPE, UNIT, read_steps
from services.attendance.people.roster import import_roster
from services.attendance.people.roster_file import read_roster_file
from services.attendance.people.rules.history import present_since
from shared.access.auth import Principal, requires
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID, CANARY_UNIT_ID
from shared.errors.errors import InvalidError, NotFoundError
from shared.errors.problem_types import NOT_FOUND
from shared.http.paging import NOT_OURS, After, Limit, Page, cursor_of, read_cursor, read_id_cursor
from shared.office_files import Faults, check_media_type, office_file_body, read_in_turn
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses
from shared.service.context import Context

__all__ = ["OFFICER_COLUMNS", "PEOPLE", "REACHED", "Officer", "ReaderDep", "read_officers", "router"]

router = APIRouter(prefix="/attendance/v1", tags=["officers"])

ReaderDep = Annotated[Principal, requires("employees:read")]
_ImporterDep = Annotated[Principal, requires("roster:write")]

OFFICER_COLUMNS = """
    select employee_id, nip, e.name, employment_type, e.org_unit_id, u.name as org_unit_name, superior_id, email,
           active_from, active_to, revision
    from employee e join org_unit u on u.org_unit_id = e.org_unit_id
"""
PEOPLE = f"employee_id <> '{CANARY_EMPLOYEE_ID}'"
REACHED = "(cast(:units as text[]) is null or {}.org_unit_id = any(cast(:units as text[])))"
_LIST = text(
    OFFICER_COLUMNS
    + f" where employee_id > :after and {PEOPLE} and (cast(:unit as text) is null or e.org_unit_id = :unit)"
    f" and {REACHED.format('e')} order by employee_id limit :most"
)
_ONE = text(OFFICER_COLUMNS + " where employee_id = :employee_id")
_BY_NIP = text(OFFICER_COLUMNS + f" where nip = :nip and {PEOPLE}")
_UNITS = text(
    f"""
    select u.org_unit_id, u.name, count(e.employee_id) as officers,
           (select count(*) from machine m where m.org_unit_id = u.org_unit_id
            and (m.in_service_to is null or m.in_service_to > cast(:now as timestamptz))) as machines
    from org_unit u left join employee e on e.org_unit_id = u.org_unit_id and e.active_to is null
    where u.org_unit_id > :after and u.org_unit_id <> '{CANARY_UNIT_ID}' and {REACHED.format("u")}
    group by u.org_unit_id order by u.org_unit_id limit :most
    """
)


class Officer(Answer):
    """An officer as of today. `unit_from` and `employment_type_from`: the start dates of the present unit and type."""

    employee_id: UUID
    nip: str
    name: str
    """The officer's name in the roster."""
    employment_type: str
    """PNS, PPPK or PPPK_PART_TIME, as of today."""
    employment_type_from: date
    """The first date with the present employment type."""
    org_unit_id: str
    """The unit, as of today."""
    org_unit_name: str
    """The unit's name."""
    unit_from: date
    """The first date in the present unit."""
    superior_id: UUID | None
    """The direct superior; null if the roster has none."""
    email: str | None
    """The address for notifications; null if the roster has none."""
    active_from: date
    """The first date of employment."""
    active_to: date | None
    """The last date of employment; null while there is none."""
    revision: int
    """The revision of the officer's record on `asn.employee.v1`."""


class Unit(Answer):
    """A unit, with the numbers of its present officers and machines. Without a machine its days never become final."""

    org_unit_id: str
    name: str
    """The unit's name."""
    officers: int
    """The number of officers in it today who have no end of employment."""
    machines: int
    """The number of machines in service in it now; with 0 its days never become final."""


class Nip(Input):
    """The NIP of the officer to find."""

    nip: Annotated[str, Field(max_length=30)]
    """18 digits; spaces between them are ignored."""


class RosterReport(Answer):
    """The result of a roster import; `errors` is empty, because a file with faults is refused completely."""

    created: int
    """The number of new officers."""
    changed: int
    """The number of changed officers."""
    unchanged: int
    """The number of unchanged officers."""
    errors: list[dict[str, str]] = Field(default_factory=list)
    """Always empty: a file with faults is refused completely."""
    notes: list[str] = Field(default_factory=list)
    """What to check: dates like 03/08/2026, which are read as day before month, formulas with an empty
    result, units with a new name, and stored values that blank cells removed."""


@router.post("/roster", openapi_extra=office_file_body())
async def take_roster(context: ContextDep, _: _ImporterDep, request: Request) -> RosterReport:
    """Imports a roster of officers from a CSV or XLSX file, completely or not at all.

    An officer is identified by the NIP and keeps the employee_id. Officers who are not in the file do not change.
    Without an optional column its stored values stay; a blank cell removes the value, and `notes` names it.
    `unit_from` and `employment_type_from` (optional) are the start dates of unit and type, also in the past or future. Without
    them a new unit or type applies from today, for a new officer from `active_from`. docs/office-files.md describes the columns,
    their other names, dates and separators. Each item of `errors` contains line, column and value.
    """
    check_media_type(request.headers.get("content-type"))
    now = context.clock.now()
    today = now.astimezone(context.zone).date()
    body, faults = await request.body(), Faults()
    lines = await read_in_turn(lambda: read_roster_file(body, today, faults))
    report = await context.change(lambda change: import_roster(context, change, lines), seconds=BULK_SECONDS)
    return RosterReport(
        created=report.created, changed=report.changed, unchanged=report.unchanged, notes=[*faults.notes, *report.notes]
    )


@router.get("/employees")
async def list_officers(
    context: ContextDep,
    who: ReaderDep,
    limit: Limit = 100,
    after: After = None,
    org_unit_id: Annotated[UnitId | None, Query()] = None,
) -> Page[Officer]:
    """Officers ordered by employee_id, optionally of one unit."""
    values = {"after": read_id_cursor(after), "unit": org_unit_id, "units": who.units, "most": limit + 1}
    items = await read_officers(context, _LIST, values)
    more = len(items) > limit
    return Page(items=items[:limit], next=cursor_of([items[limit - 1].employee_id]) if more else None)


@router.post("/employees/find", responses=refuses(NOT_FOUND))
async def find_officer(context: ContextDep, who: ReaderDep, wanted: Annotated[Nip, Body()]) -> Officer:
    """The officer with this NIP."""
    nip = wanted.nip.replace(" ", "")
    if not (nip.isascii() and nip.isdigit() and len(nip) == 18):
        raise InvalidError("`nip` must have 18 digits.")
    found = await read_officers(context, _BY_NIP, {"nip": nip})
    if not found or not who.reaches_unit(found[0].org_unit_id):
        raise NotFoundError("No officer in the roster has this NIP.")
    return found[0]


@router.get("/employees/{employee_id}", responses=refuses(NOT_FOUND))
async def show_officer(context: ContextDep, who: ReaderDep, employee_id: UUID) -> Officer:
    """One officer."""
    found = await read_officers(context, _ONE, {"employee_id": employee_id})
    if not found or not who.reaches_unit(found[0].org_unit_id):
        raise NotFoundError("There is no officer with this employee_id.")
    return found[0]


async def read_officers(context: Context, query: TextClause, values: dict[str, Any]) -> list[Officer]:
    """The officers of a query with OFFICER_COLUMNS, in the query's order."""
    today = context.clock.now().astimezone(context.zone).date()

    async def read(session: AsyncSession) -> list[Officer]:
        rows = (await session.execute(query, values)).mappings().all()
        employees = [row["employee_id"] for row in rows]
        units = await read_steps(session, UNIT, employees)
        types = await read_steps(session, EMPLOYMENT_TYPE, employees)
        return [
            Officer(
                unit_from=present_since(units[row["employee_id"]], today),
                employment_type_from=present_since(types[row["employee_id"]], today),
                **row,
            )
            for row in rows
        ]

    return await context.transact(read)


@router.get("/units")
async def list_units(context: ContextDep, who: ReaderDep, limit: Limit = 100, after: After = None) -> Page[Unit]:
    """Units ordered by org_unit_id."""
    cursor = read_cursor(after, str)
    if cursor and "\x00" in cursor[0]:
        raise InvalidError(NOT_OURS)
    values = {
        "after": cursor[0] if cursor else "",
        "units": who.units,
        "most": limit + 1,
        "now": context.clock.now(),
    }
    items = [Unit(**row) for row in await read_rows(context, _UNITS, values)]
    more = len(items) > limit
    return Page(items=items[:limit], next=cursor_of([items[limit - 1].org_unit_id]) if more else None)
