"""Officers and units. A NIP is never part of a URL, only of a body."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field

from services.attendance.dependencies import BULK_SECONDS, ContextDep, Input, UnitId
from services.attendance.people.officers import Officer, ReaderDep, read_officers
from services.attendance.people.queries import OFFICER, OFFICER_WITH_NIP, OFFICERS, UNITS
from services.attendance.people.roster.file import read_roster_file
from services.attendance.people.roster.import_roster import import_roster
from services.attendance.people.rules.nip import has_nip_digits
from shared.access.auth import Principal, requires
from shared.errors.errors import InvalidError, NotFoundError
from shared.errors.problem_types import NOT_FOUND
from shared.http.paging import NOT_OURS, After, Limit, Page, cursor_of, read_cursor, read_id_cursor
from shared.office_files import Faults, check_media_type, office_file_body, read_in_turn
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1", tags=["officers"])

_ImporterDep = Annotated[Principal, requires("roster:write")]


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
    today = context.date_of(now)
    body, faults = await request.body(), Faults()
    lines = await read_in_turn(lambda: read_roster_file(body, today, faults))
    report = await context.change(lambda change: import_roster(context, change, lines), seconds=BULK_SECONDS, now=now)
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
    items = await read_officers(context, OFFICERS, values)
    more = len(items) > limit
    return Page(items=items[:limit], next=cursor_of([items[limit - 1].employee_id]) if more else None)


@router.post("/employees/find", responses=refuses(NOT_FOUND))
async def find_officer(context: ContextDep, who: ReaderDep, wanted: Annotated[Nip, Body()]) -> Officer:
    """The officer with this NIP."""
    nip = wanted.nip.replace(" ", "")
    if not has_nip_digits(nip):
        raise InvalidError("`nip` must have 18 digits.")
    found = await read_officers(context, OFFICER_WITH_NIP, {"nip": nip})
    if not found or not who.reaches_unit(found[0].org_unit_id):
        raise NotFoundError("No officer in the roster has this NIP.")
    return found[0]


@router.get("/employees/{employee_id}", responses=refuses(NOT_FOUND))
async def show_officer(context: ContextDep, who: ReaderDep, employee_id: UUID) -> Officer:
    """One officer."""
    found = await read_officers(context, OFFICER, {"employee_id": employee_id})
    if not found or not who.reaches_unit(found[0].org_unit_id):
        raise NotFoundError("There is no officer with this employee_id.")
    return found[0]


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
    items = [Unit(**row._asdict()) for row in await context.transact(lambda s: UNITS.all(s, values))]
    more = len(items) > limit
    return Page(items=items[:limit], next=cursor_of([items[limit - 1].org_unit_id]) if more else None)
