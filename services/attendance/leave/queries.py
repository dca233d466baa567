"""Reads stored leave and duty with their decisions."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.attendance.leave.tables import Excuse, ExcuseDecision

__all__ = ["read_decisions", "read_excuses"]

ITEMS_MAX = 1_000
"""Of one officer, or of one leave; the lists have no pages."""


async def read_excuses(session: AsyncSession, employee_id: UUID) -> Sequence[Excuse]:
    """The officer's leave and duty, newest first."""
    excuses = select(Excuse).where(Excuse.employee_id == employee_id)
    ordered = excuses.order_by(col(Excuse.first_date).desc(), col(Excuse.excuse_id)).limit(ITEMS_MAX)
    return (await session.scalars(ordered)).all()


async def read_decisions(session: AsyncSession, excuse_id: UUID) -> Sequence[ExcuseDecision]:
    """All decisions on a leave or duty, oldest first."""
    decisions = select(ExcuseDecision).where(ExcuseDecision.excuse_id == excuse_id)
    return (await session.scalars(decisions.order_by(col(ExcuseDecision.position)).limit(ITEMS_MAX))).all()
