"""Finds officers by name, NIP or id. Names and NIPs are personal data, so they are in the body, never in the URL."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import text

from services.attendance.routes.common import ContextDep, Input, UnitId
from services.attendance.routes.employees import Officer, ReaderDep, read_officers
from shared.contracts.canary import CANARY_EMPLOYEE_ID
from shared.errors import InvalidError
from shared.paging import LIMIT_MAX, Page, cursor_of, read_cursor

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/employees", tags=["officers"])

# No index on names: a pattern without a fixed start reads the whole table, some thousand rows for a city.
_SEARCH = text(
    f"""
    select * from officer_v1
    where employee_id <> '{CANARY_EMPLOYEE_ID}' and reaches_unit_v1(:units, org_unit_id)
      and (cast(:unit as text) is null or org_unit_id = :unit)
      and (cast(:ids as uuid[]) is null or employee_id = any(cast(:ids as uuid[])))
      and (cast(:name as text) is null or name ilike :name escape '\\')
      and (cast(:nip as text) is null or nip like :nip escape '\\')
      and (name, employee_id) > (cast(:after_name as text), cast(:after_id as uuid))
    order by name, employee_id limit :most
    """
)


class OfficerSearch(Input):
    """The search conditions. All given conditions must match; at least one of `q` and `employee_ids` is required."""

    q: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    """Part of the name (case-insensitive), or the start of the NIP (spaces allowed)."""
    employee_ids: Annotated[list[UUID], Field(min_length=1, max_length=LIMIT_MAX)] | None = None
    """Only these officers, for example to get the names for ids from another list."""
    org_unit_id: UnitId | None = None
    """Only officers who are in this unit today."""
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 100
    """The maximum number of items per page."""
    after: Annotated[str, Field(max_length=500)] | None = None
    """The `next` of the previous page."""


@router.post("/search")
async def search_officers(context: ContextDep, who: ReaderDep, wanted: OfficerSearch) -> Page[Officer]:
    """Finds officers by part of the name, NIP or employee_id, ordered by name.

    A key limited to units finds only officers of these units.
    """
    if wanted.q is None and wanted.employee_ids is None:
        raise InvalidError("A search condition is required: `q` (part of the name, or a NIP) or `employee_ids`.")
    name, nip = _patterns(wanted.q)
    after = _after(wanted.after)
    values = {
        "name": name,
        "nip": nip,
        "unit": wanted.org_unit_id,
        "units": who.units,
        "ids": wanted.employee_ids,
        "after_name": after[0],
        "after_id": after[1],
        "most": wanted.limit + 1,
    }
    items = await read_officers(context, _SEARCH, values)
    page = items[: wanted.limit]
    more = len(items) > wanted.limit
    return Page(items=page, next=cursor_of([page[-1].name, page[-1].employee_id]) if more else None)


def _patterns(q: str | None) -> tuple[str | None, str | None]:
    """LIKE patterns for the name and for the NIP; one of them is None. Raises InvalidError when `q` has only spaces."""
    if q is None:
        return None, None
    words = q.split()
    if not words:
        raise InvalidError("`q` must be part of a name, or a NIP.")
    digits = "".join(words)
    if digits.isascii() and digits.isdigit():
        return None, f"{digits}%"
    return f"%{'%'.join(_literal(word) for word in words)}%", None


def _literal(word: str) -> str:
    """Escapes a word, so that it matches only itself."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _after(cursor: str | None) -> tuple[str, UUID]:
    values = read_cursor(cursor, str, str)
    if values is None:
        return "", UUID(int=0)
    try:
        name, employee_id = values[0], UUID(values[1])
    except ValueError:
        name = "\x00"
    if "\x00" in name:
        raise InvalidError("The cursor `after` is not from this list. Omit it to start at the beginning.")
    return name, employee_id
