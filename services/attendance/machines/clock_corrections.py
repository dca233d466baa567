"""Corrects times of a server clock that was behind: punches received then looked like punches of the future.

Stores the operator's correction beside the original times. A later correction can change or undo it, and later checks of
the same punches (another zone, a late registration) still apply it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.attendance.day_queue.change import Change
from services.attendance.machines.rechecks import recheck_received_punches
from services.attendance.machines.tables import ClockCorrection
from shared.errors.errors import ConflictError, InvalidError

__all__ = ["put_clock_correction", "read_clock_corrections"]

DAYS_MAX = 7
"""Fits into one transaction: 70,000 punches of 5,000 officers took 7 to 11 s in a table of 2 million."""
LISTED_MAX = 1_000

# One correction at a time, and no other transaction computes flags meanwhile. Every such transaction takes this lock
# before any machine's row lock.
_LOCK_CORRECTIONS = text("lock table clock_correction in share row exclusive mode")
# Machines wait until this is done: each holds its row lock while it looks for duplicates in the same punches.
_LOCK_MACHINES = text("select serial from machine order by serial for no key update")


async def read_clock_corrections(session: AsyncSession) -> Sequence[ClockCorrection]:
    """The corrections, newest first."""
    newest_first = select(ClockCorrection).order_by(
        col(ClockCorrection.received_from).desc(), col(ClockCorrection.correction_id)
    )
    return (await session.scalars(newest_first.limit(LISTED_MAX))).all()


async def put_clock_correction(change: Change, correction: ClockCorrection) -> None:
    """Stores a correction, checks the punches received in its time again and enqueues the affected days.

    Raises InvalidError, or ConflictError when another correction overlaps.
    """
    session, first, last = change.session, correction.received_from, correction.received_to
    if not timedelta(0) < last - first <= timedelta(days=DAYS_MAX):
        raise InvalidError(
            f"`received_to` must be after `received_from`, by at most {DAYS_MAX} days. Split a longer time."
        )
    if last > change.now:
        raise InvalidError("`received_to` is in the future. Set the server's clock first, then enter the end.")
    await session.execute(_LOCK_CORRECTIONS)
    await session.execute(_LOCK_MACHINES)
    if correction.seconds_behind > 0:
        await _refuse_overlap(session, correction)
    before = await session.get(ClockCorrection, correction.correction_id)
    former = None if before is None else (before.received_from, before.received_to)
    await session.merge(correction)
    await session.flush()
    if former is not None and former != (first, last):
        await recheck_received_punches(change, *former)
    await recheck_received_punches(change, first, last)


async def _refuse_overlap(session: AsyncSession, correction: ClockCorrection) -> None:
    other = await session.scalar(
        select(ClockCorrection.correction_id).where(
            ClockCorrection.correction_id != correction.correction_id,
            col(ClockCorrection.seconds_behind) > 0,
            col(ClockCorrection.received_from) <= correction.received_to,
            col(ClockCorrection.received_to) >= correction.received_from,
        )
    )
    if other is not None:
        raise ConflictError(f"The correction {other} covers part of this time. Change that correction.")
