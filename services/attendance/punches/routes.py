"""Punches as JSON: machines of other makes send them here, and operators read the stored ones."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.attendance.dependencies import SERIAL, AnyMoment, ContextDep, OperatorDep
from services.attendance.punches.json_intake import UNKNOWN_PIN, read_row, store_rows
from services.attendance.punches.models import PunchesIn, PunchesOut, PunchItem, QuarantineItem
from services.attendance.punches.queries import PunchFilter, PunchListRow, read_punches, read_unusable_lines
from services.attendance.punches.rules.punch import Direction, direction_of
from services.attendance.punches.tables import UNKNOWN_VERIFY
from shared.access.auth import Principal, requires
from shared.errors.errors import ForbiddenError, InvalidError
from shared.http.paging import After, Limit, Page, cursor_of, read_cursor

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1", tags=["punches"])

_SenderDep = Annotated[Principal, requires("punches:write")]
_SerialFilter = Annotated[str | None, Query(pattern=SERIAL)]


@router.post("/punches")
async def take_punches(context: ContextDep, who: _SenderDep, new: PunchesIn) -> PunchesOut:
    """Accepts punches of a machine that the API key allows. Sending the same punches again changes nothing."""
    if not who.is_operator and new.serial not in who.machines:
        raise ForbiddenError("This API key does not allow this machine. Ask the operator for a key that does.")
    now = context.clock.now()
    if new.complete_until is not None and new.complete_until > now:
        raise InvalidError("`complete_until` is in the future: those punches cannot have been sent yet.")
    rows = [read_row(row) for row in new.rows]
    results = await context.change(lambda change: store_rows(change, new.serial, rows, new.complete_until), now=now)
    return PunchesOut(results=results)


@router.get("/punches")
async def list_punches(
    context: ContextDep,
    _: OperatorDep,
    serial: _SerialFilter = None,
    employee_id: UUID | None = None,
    *,
    not_counted: bool = False,
    received_from: AnyMoment | None = None,
    received_to: AnyMoment | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[PunchItem]:
    """The punches in order of arrival; with `not_counted` only those whose time is not trusted."""
    chosen = PunchFilter(serial, employee_id, not_counted, received_from, received_to)
    cursor = read_cursor(after, int)
    rows = await context.transact(lambda s: read_punches(s, chosen, after=cursor[0] if cursor else 0, most=limit + 1))
    items = [_item(row) for row in rows[:limit]]
    return Page(items=items, next=cursor_of([rows[limit - 1].id]) if len(rows) > limit else None)


def _item(row: PunchListRow) -> PunchItem:
    direction = direction_of(row.status) if row.direction_from == "status" else Direction.UNKNOWN
    return PunchItem(
        serial=row.serial,
        pin=row.pin,
        employee_id=row.employee_id,
        local_time=row.local_time,
        at=row.at,
        direction=direction.value,
        status=row.status,
        verify=None if row.verify == UNKNOWN_VERIFY else row.verify,
        flags=row.flags if row.employee_id is not None else [*row.flags, UNKNOWN_PIN],
        counted=row.counted,
        received_at=row.received_at,
    )


@router.get("/quarantine")
async def list_quarantine(
    context: ContextDep, _: OperatorDep, serial: _SerialFilter = None, limit: Limit = 100, after: After = None
) -> Page[QuarantineItem]:
    """Lines that wait for an operator or for their machine's registration, in order of arrival."""
    cursor = read_cursor(after, int)
    first = cursor[0] if cursor else 0
    rows = await context.transact(lambda s: read_unusable_lines(s, serial, after=first, most=limit + 1))
    items = [QuarantineItem.model_validate(row, from_attributes=True) for row in rows[:limit]]
    return Page(items=items, next=cursor_of([rows[limit - 1].id]) if len(rows) > limit else None)
