"""Who works by roster only, between which dates: units, and officers who differ from their unit."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from services.attendance.day_queue.change import Change
from services.attendance.hours.affected_days import enqueue_affected
from services.attendance.shifts.tables import RosterSetting
from shared.errors.errors import ConflictError, InvalidError, NotFoundError

__all__ = ["drop_setting", "put_setting"]

# Rare; prevents two settings with the same start, which would have no order.
LOCK_SETTINGS = text("lock table roster_setting in share row exclusive mode")


async def put_setting(change: Change, setting: RosterSetting) -> None:
    """Stores a setting and enqueues the days it applies to or applied to before. Raises InvalidError and ConflictError."""
    if (setting.employee_id is None) == (setting.org_unit_id is None):
        raise InvalidError("Set either `employee_id` (one officer) or `org_unit_id` (the officers of a unit).")
    if setting.effective_to is not None and setting.effective_to < setting.effective_from:
        raise InvalidError("`effective_to` must not be before `effective_from`.")
    await change.session.execute(LOCK_SETTINGS)
    other = await _same_start(change.session, setting)
    if other is not None:
        raise ConflictError(
            f"The setting {other} of the same officer or unit begins on this date too. Change that setting."
        )
    stored = await change.session.get(RosterSetting, setting.setting_id)
    if stored is not None:
        await enqueue_affected(change, stored)
    await change.session.merge(setting)
    await enqueue_affected(change, setting)


async def drop_setting(change: Change, setting_id: UUID) -> None:
    """Deletes a setting, also for past dates. Raises NotFoundError."""
    await change.session.execute(LOCK_SETTINGS)
    stored = await change.session.get(RosterSetting, setting_id)
    if stored is None:
        raise NotFoundError("There is no setting with this setting_id. List them.")
    await change.session.delete(stored)
    await enqueue_affected(change, stored)


async def _same_start(session: AsyncSession, setting: RosterSetting) -> UUID | None:
    """Another setting of the same officer or unit that begins on the same date."""
    others = select(RosterSetting.setting_id).where(
        RosterSetting.setting_id != setting.setting_id,
        RosterSetting.effective_from == setting.effective_from,
        RosterSetting.employee_id == setting.employee_id
        if setting.employee_id is not None
        else RosterSetting.org_unit_id == setting.org_unit_id,
    )
    return (await session.scalars(others)).first()
