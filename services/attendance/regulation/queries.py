"""Reads the stored rule sets."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.attendance.regulation.tables import RuleSet

__all__ = ["read_rule_sets"]


async def read_rule_sets(session: AsyncSession) -> Sequence[RuleSet]:
    """All versions, latest effective date first."""
    versions = select(RuleSet).order_by(col(RuleSet.effective_from).desc(), RuleSet.id, col(RuleSet.version).desc())
    return (await session.scalars(versions)).all()
