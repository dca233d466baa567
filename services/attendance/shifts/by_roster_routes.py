"""Who works by roster only."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.attendance.day_queue.change import Change
from services.attendance.dependencies import (
    BULK_SECONDS,
    ContextDep,
    Input,
    OperatorDep,
    UnitId,
    WorkDate,
    must_exist,
)
from services.attendance.shifts.by_roster import drop_setting, put_setting
from services.attendance.shifts.queries import read_settings
from services.attendance.shifts.tables import RosterSetting
from shared.errors.problem_types import CONFLICT, NOT_FOUND
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/by-roster", tags=["roster"])


class SettingIn(Input):
    """Whether an officer, or the officers of a unit, work by roster only between two dates (both included).

    If so, a date without a roster entry is off: no week, override or holiday applies to it. An officer's own setting overrides
    the unit's; of several valid on a date, the one that starts last counts.
    """

    employee_id: UUID | None = None
    """The officer. Set either this or `org_unit_id`."""
    org_unit_id: UnitId | None = None
    """The unit whose officers it applies to."""
    by_roster: bool
    """True: dates without a roster entry are off. False: they follow the week and the calendar."""
    effective_from: WorkDate
    """The first date."""
    effective_to: WorkDate | None = None
    """The last date; null: no end."""


class SettingItem(Answer, from_attributes=True):
    """A stored setting."""

    setting_id: UUID
    employee_id: UUID | None
    """The officer; null for a unit's setting."""
    org_unit_id: str | None
    """The unit; null for an officer's setting."""
    by_roster: bool
    """Whether they work by roster only."""
    effective_from: date
    """The first date."""
    effective_to: date | None
    """The last date; null: no end."""


@router.get("")
async def list_settings(
    context: ContextDep,
    _: OperatorDep,
    employee_id: Annotated[UUID | None, Query()] = None,
    org_unit_id: Annotated[UnitId | None, Query()] = None,
) -> list[SettingItem]:
    """The settings, including past ones, newest first; optionally of one officer or one unit."""
    settings = await context.transact(lambda s: read_settings(s, employee_id, org_unit_id))
    return [SettingItem.model_validate(setting) for setting in settings]


@router.put("/{setting_id}", status_code=204, responses=refuses(NOT_FOUND, CONFLICT))
async def keep_setting(context: ContextDep, _: OperatorDep, setting_id: UUID, new: SettingIn) -> None:
    """Stores a setting and computes the affected days again, including past ones."""
    setting = RosterSetting(setting_id=setting_id, **new.model_dump())

    async def work(change: Change) -> None:
        await must_exist(change.session, "employee_id", new.employee_id)
        await must_exist(change.session, "org_unit_id", new.org_unit_id)
        await put_setting(change, setting)

    await context.change(work, seconds=BULK_SECONDS)


@router.delete("/{setting_id}", status_code=204, responses=refuses(NOT_FOUND))
async def take_setting_back(context: ContextDep, _: OperatorDep, setting_id: UUID) -> None:
    """Deletes a wrong setting, also for past dates. To end a correct one, set its `effective_to` instead."""
    await context.change(lambda change: drop_setting(change, setting_id), seconds=BULK_SECONDS)
