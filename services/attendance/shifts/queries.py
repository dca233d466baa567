"""Reads stored roster entries and the settings of who works by roster."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.attendance.shifts.tables import RosterSetting, RosterShift

__all__ = ["read_settings", "read_shifts"]

SHIFTS_MAX = 400
"""Of one officer: more than a year."""
SETTINGS_MAX = 2_000


async def read_shifts(session: AsyncSession, employee_id: UUID) -> Sequence[RosterShift]:
    """The officer's roster entries, newest first."""
    shifts = select(RosterShift).where(RosterShift.employee_id == employee_id)
    return (await session.scalars(shifts.order_by(col(RosterShift.work_date).desc()).limit(SHIFTS_MAX))).all()


async def read_settings(
    session: AsyncSession, employee_id: UUID | None, org_unit_id: str | None
) -> Sequence[RosterSetting]:
    """The settings, including past ones, newest first; optionally of one officer or one unit."""
    settings = select(RosterSetting)
    if employee_id is not None:
        settings = settings.where(RosterSetting.employee_id == employee_id)
    if org_unit_id is not None:
        settings = settings.where(RosterSetting.org_unit_id == org_unit_id)
    newest_first = settings.order_by(col(RosterSetting.effective_from).desc(), col(RosterSetting.setting_id))
    return (await session.scalars(newest_first.limit(SETTINGS_MAX))).all()
