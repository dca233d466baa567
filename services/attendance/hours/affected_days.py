"""Enqueues the days that a change of hours affects: an officer's, a unit's or the whole city's."""

from __future__ import annotations

from datetime import date
from typing import Protocol
from uuid import UUID

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_all, enqueue_spans, enqueue_unit

__all__ = ["DatedHours", "enqueue_affected"]


class DatedHours(Protocol):
    """Hours, or a rule about hours, of an officer, a unit or (neither) the city between two dates, both included."""

    employee_id: UUID | None
    org_unit_id: str | None
    effective_from: date
    effective_to: date | None


async def enqueue_affected(change: Change, hours: DatedHours) -> None:
    """Enqueues the dates and the neighbour dates."""
    first, last = hours.effective_from, hours.effective_to or date.max
    if hours.employee_id is not None:
        await enqueue_spans(change, [(hours.employee_id, first, last)])
    elif hours.org_unit_id is not None:
        await enqueue_unit(change, hours.org_unit_id, first, last)
    else:
        await enqueue_all(change, first, last)
