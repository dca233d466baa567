"""Reads the stored enrolments."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.attendance.enrolments.tables import Enrolment

__all__ = ["read_enrolments"]

ENROLMENTS_MAX = 20_000
"""Per machine; the list has no pages."""


async def read_enrolments(session: AsyncSession, serial: str) -> Sequence[Enrolment]:
    """The machine's enrolments, also past ones, by PIN and date."""
    enrolments = select(Enrolment).where(Enrolment.serial == serial)
    ordered = enrolments.order_by(Enrolment.pin, col(Enrolment.valid_from)).limit(ENROLMENTS_MAX)
    return (await session.scalars(ordered)).all()
