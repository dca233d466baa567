"""Units whose roster ends soon."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from fastapi import APIRouter

from services.attendance.dependencies import ContextDep, OperatorDep
from services.attendance.monitoring.roster_ends import read_roster_ends
from shared.openapi.models import Answer

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/by-roster", tags=["roster"])


class RosterEndItem(Answer):
    """A unit whose roster ends soon for some of its officers.

    `without_entry` of its `by_roster` officers have no entry on `from_date` or later; `last_entry` is the last date with
    an entry of any of these officers, null without one.
    """

    org_unit_id: str
    by_roster: int
    """How many officers of the unit work by roster only."""
    without_entry: int
    """How many of them have no entry on `from_date` or later."""
    from_date: date
    """Today plus the rules' `roster_alert_days`."""
    last_entry: date | None
    """The last date with an entry of any of these officers; null without one."""


@router.get("/ends")
async def list_roster_ends(context: ContextDep, _: OperatorDep) -> list[RosterEndItem]:
    """The units whose roster ends within the rules' `roster_alert_days` for at least one of their officers."""
    today = context.today
    ends = await context.transact(lambda s: read_roster_ends(s, today))
    return [RosterEndItem(**asdict(end)) for end in ends]
