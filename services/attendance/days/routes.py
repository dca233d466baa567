"""Officers' days, with the punches behind them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days.computation import ComputedDay, explain_day
from services.attendance.days.evidence import StoredPunch
from services.attendance.days.queries import read_day, read_days
from services.attendance.dependencies import NO_OFFICER, ContextDep, WorkDate, must_exist
from shared.access.auth import Principal, requires
from shared.contracts.events.attendance_day import AttendanceDayRecord
from shared.errors.errors import InvalidError, NotFoundError
from shared.errors.problem_types import NOT_FOUND
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/employees/{employee_id}/days", tags=["days"])

SPAN_DAYS_MAX = 400
_ReaderDep = Annotated[Principal, requires("days:read")]


class DayPunch(Answer):
    """A punch in the day's window. If not `counted`, its time cannot be right."""

    id: int
    """The punch's number in the database."""
    serial: str
    at: datetime
    """The moment of the punch."""
    local_time: datetime
    """The time on the machine's clock, without an offset."""
    status: int
    """The pressed key, as numbered by the machine's protocol: 0 and 4 in, 1 and 5 out, 255 none."""
    verify: int
    """How the person was recognised, as numbered by the machine (often 1 fingerprint, 15 face); -1 if not reported."""
    flags: list[str]
    """What is wrong with its time: `future`, `clock_reset`; empty for an ordinary punch."""
    counted: bool
    """Whether the punch is used; false if its time cannot be right."""
    own_site: bool
    """Whether the machine was in the officer's own unit then."""
    source: str
    """How it arrived: `iclock` from the machine itself, `api` with a local time, `api-instant` with a UTC offset."""
    received_at: datetime
    """When the server received it, by the server's clock."""


class DayExplained(Answer):
    """A published day, and the facts behind it now."""

    day: AttendanceDayRecord
    """The day as published."""
    window_from: datetime | None
    """The start of the time in which a punch can belong to the shift; null on a day off."""
    window_to: datetime | None
    """The end of the time in which a punch can belong to the shift; null on a day off."""
    punches: list[DayPunch]
    """Every punch in the window, ordered by time."""


@router.get("", responses=refuses(NOT_FOUND))
async def list_days(
    context: ContextDep,
    who: _ReaderDep,
    employee_id: UUID,
    first: Annotated[WorkDate, Query(alias="from")],
    last: Annotated[WorkDate, Query(alias="to")],
) -> list[AttendanceDayRecord]:
    """The days between two dates, both included. A key limited to units gets the days in those units."""
    if not timedelta(0) <= last - first <= timedelta(days=SPAN_DAYS_MAX):
        raise InvalidError(f"`to` must not be before `from`, and at most {SPAN_DAYS_MAX} days later.")

    found = await context.transact(lambda session: read_days(session, employee_id, first, last))
    if found is None:
        raise NotFoundError(NO_OFFICER)
    reached = [day for day in found.days if who.reaches_unit(day.org_unit_id)]
    if not reached and not who.reaches_unit(found.org_unit_id):
        raise NotFoundError(NO_OFFICER)
    return reached


@router.get("/{work_date}", responses=refuses(NOT_FOUND))
async def show_day(context: ContextDep, who: _ReaderDep, employee_id: UUID, work_date: WorkDate) -> DayExplained:
    """One day, with the punches in the window of its shift."""

    async def read(session: AsyncSession) -> tuple[AttendanceDayRecord | None, ComputedDay | None]:
        day = await read_day(session, employee_id, work_date)
        if day is None:
            await must_exist(session, "employee_id", employee_id)
            return None, None
        return day, await explain_day(session, (employee_id, work_date), context.zone, context.clock.now())

    day, computed = await context.transact(read)
    if who.org_unit_ids is not None and (day is None or not who.reaches_unit(day.org_unit_id)):
        raise NotFoundError(NO_OFFICER)  # a limited key gets the same message, whether or not the officer or day exists
    if day is None:
        raise NotFoundError("This date is not computed: it is in the future, or before the officer's first day.")
    if computed is None or computed.window is None:
        return DayExplained(day=day, window_from=None, window_to=None, punches=[])
    return DayExplained(
        day=day,
        window_from=computed.window.start.astimezone(context.zone),
        window_to=computed.window.end.astimezone(context.zone),
        punches=[_punch(punch, computed.org_unit_id) for punch in computed.punches],
    )


def _punch(punch: StoredPunch, org_unit_id: str) -> DayPunch:
    return DayPunch(
        id=punch.id,
        serial=punch.serial,
        at=punch.at,
        local_time=punch.local_time,
        status=punch.status,
        verify=punch.verify,
        flags=punch.flags,
        counted=punch.counted,
        own_site=punch.org_unit_id == org_unit_id,
        source=punch.source,
        received_at=punch.received_at,
    )
