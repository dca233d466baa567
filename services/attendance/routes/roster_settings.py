"""Who works by roster only, and whose roster ends soon."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.roster_ends import read_roster_ends
from services.attendance.roster_settings import WhoByRoster, drop_setting, put_setting
from services.attendance.routes.common import (
    BULK_SECONDS,
    ContextDep,
    Input,
    OperatorDep,
    UnitId,
    WorkDate,
    must_exist,
    read_rows,
)

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/by-roster", tags=["roster"])

_LIST = text(
    """
    select setting_id, employee_id, org_unit_id, by_roster, effective_from, effective_to from roster_setting
    where (cast(:employee_id as uuid) is null or employee_id = :employee_id)
      and (cast(:org_unit_id as varchar) is null or org_unit_id = :org_unit_id)
    order by effective_from desc, setting_id limit 2000
    """
)


class SettingIn(Input):
    """An officer, or the officers of a unit, work by roster only between two dates (both included), or do not.

    By roster only, a date without a roster entry is off: no week, override or holiday fills it. An officer's own setting
    beats the unit's; of several valid on a date the one that starts last counts.
    """

    employee_id: UUID | None = None
    org_unit_id: UnitId | None = None
    by_roster: bool
    effective_from: WorkDate
    effective_to: WorkDate | None = None


class SettingItem(BaseModel):
    """A setting as it is kept."""

    setting_id: UUID
    employee_id: UUID | None
    org_unit_id: str | None
    by_roster: bool
    effective_from: date
    effective_to: date | None


class RosterEndItem(BaseModel):
    """A unit whose roster ends soon for some of its officers.

    `without_entry` of its `by_roster` officers have no entry on `from_date` or later; `last_entry` is the last date with
    an entry of any of the unit's officers by roster, null without one.
    """

    org_unit_id: str
    by_roster: int
    without_entry: int
    from_date: date
    last_entry: date | None


@router.get("")
async def list_settings(
    context: ContextDep,
    _: OperatorDep,
    employee_id: Annotated[UUID | None, Query()] = None,
    org_unit_id: Annotated[UnitId | None, Query()] = None,
) -> list[SettingItem]:
    """The settings, also those that have ended, the latest first; perhaps of one officer or one unit."""
    values = {"employee_id": employee_id, "org_unit_id": org_unit_id}
    return [SettingItem(**row) for row in await read_rows(context, _LIST, values)]


@router.get("/ends")
async def list_roster_ends(context: ContextDep, _: OperatorDep) -> list[RosterEndItem]:
    """The units whose roster ends within the rules' `roster_alert_days`, for some of their officers or all."""
    today = context.clock.now().astimezone(context.zone).date()
    ends = await context.transact(lambda s: read_roster_ends(s, today))
    return [
        RosterEndItem(
            org_unit_id=end.org_unit_id,
            by_roster=end.by_roster,
            without_entry=end.without_entry,
            from_date=end.from_date,
            last_entry=end.last_entry,
        )
        for end in ends
    ]


@router.put("/{setting_id}", status_code=204)
async def keep_setting(context: ContextDep, _: OperatorDep, setting_id: UUID, new: SettingIn) -> None:
    """Keeps a setting and computes the days again that it touches, past ones too."""
    setting = WhoByRoster(setting_id, **new.model_dump())

    async def work(session: AsyncSession) -> None:
        await must_exist(session, "employee_id", new.employee_id)
        await must_exist(session, "org_unit_id", new.org_unit_id)
        await put_setting(session, setting)

    await context.transact(work, seconds=BULK_SECONDS)


@router.delete("/{setting_id}", status_code=204)
async def take_setting_back(context: ContextDep, _: OperatorDep, setting_id: UUID) -> None:
    """Takes a setting back that should never have been; one that ended gets its `effective_to` instead."""
    await context.transact(lambda s: drop_setting(s, setting_id), seconds=BULK_SECONDS)
